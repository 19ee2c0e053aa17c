//! Around the rules: who is told of each decision, clients that serve, middleware, the printed table.

use super::*;

type Told = (Option<String>, Action, &'static str, Option<&'static str>, bool);

#[tokio::test]
async fn the_audit_hook_is_told_of_every_decision() {
    let log: Arc<Mutex<Vec<Told>>> = Arc::default();
    let hook = Arc::clone(&log);
    let _server = archive_of(Archive::default())
        .audit(move |decision| {
            let who = decision.actor.map(|actor| actor.id.clone());
            let told = (who, decision.action, decision.name, decision.guard, decision.allowed);
            hook.lock().unwrap().push(told);
            assert!(!decision.rule.is_public());
            assert!(decision.name != "archive/audit", "a hook that panics");
        })
        .bind("memory://audited")
        .start()
        .await
        .unwrap();
    let client = connect("memory://audited", "nobody").await;
    client.hours().await.unwrap();
    client.read().await.unwrap_err();
    client.client().login(Credentials::password("viewer", "-")).await.unwrap();
    client.read().await.unwrap();
    client.mine("somebody".to_owned()).await.unwrap_err();
    client.subscribe::<Sealed>().await.unwrap_err();
    client.emit(Changed { by: "viewer".to_owned() }).await.unwrap_err();
    let mut items = client.watch("hang".to_owned());
    items.next().await.unwrap().unwrap();
    client.client().logout().await.unwrap();
    items.next().await.unwrap().unwrap_err();
    client.audit().await.unwrap_err();
    let viewer = || Some("viewer".to_owned());
    let wanted: [Told; 9] = [
        (None, Action::Request, "archive/read", None, false),
        (viewer(), Action::Request, "archive/read", None, true),
        (viewer(), Action::Request, "archive/mine", None, true),
        (viewer(), Action::Request, "archive/mine", Some("owns_paper"), false),
        (viewer(), Action::Subscribe, "archive/sealed", None, false),
        (viewer(), Action::Emit, "archive/changed", None, false),
        (viewer(), Action::Request, "archive/watch", None, true),
        (None, Action::Stream, "archive/watch", None, false),
        (None, Action::Request, "archive/audit", None, false),
    ];
    assert_eq!(*log.lock().unwrap(), wanted);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_was_made_again_does_not_end_with_the_first() {
    let wire = wire::Wire::default();
    let minute = Duration::from_secs(60);
    let _server = Server::builder()
        .serve(archive::serve(Archive::default()))
        .authenticator(move |_| {
            let expires_at = Some(SystemTime::now() + minute);
            Ok(Login { expires_at, ..Login::new(actor("viewer")) })
        })
        .transport(wire.clone())
        .bind("wire://archive")
        .start()
        .await
        .unwrap();
    let client = Client::builder().transport(wire).connect("wire://archive").await.unwrap();
    let typed: archive::Client = client.typed().unwrap();
    for _ in 0..3 {
        client.login(Credentials::token("t")).await.unwrap();
        tokio::time::sleep(minute / 2).await;
        assert_eq!(told(typed.read().await), "yes");
    }
    tokio::time::sleep(minute * 3 / 5).await;
    assert_eq!(told(typed.read().await), "A");
}

contract!(
    /// Asks its caller for something.
    #[contract(version = "1.0.0")]
    mod desk {
        #[request]
        async fn ask_back() -> Vec<String>;
    }
);

struct Desk;

impl desk::Service for Desk {
    async fn ask_back(&self, cx: &Context) -> Reply<Vec<String>> {
        let archive: archive::Client = cx.require_caller()?.client()?;
        Ok(vec![told(archive.hours().await), told(archive.read().await)])
    }
}

#[tokio::test]
async fn a_server_is_not_logged_in_at_its_clients() {
    let server = Server::builder().serve(desk::serve(Desk)).bind("memory://desk");
    let _server = server.start().await.unwrap();
    let service = Archive::default();
    let client = Client::builder().serve(archive::serve(service.clone()));
    let client: desk::Client = client.connect("memory://desk").await.unwrap().typed().unwrap();
    assert_eq!(client.ask_back().await.unwrap(), ["yes", "A"]);
    assert_eq!(*service.begun.lock().unwrap(), [] as [&str; 0]);
}

/// Sees what passes it.
struct Before(broadcast::Sender<String>);

#[async_trait::async_trait]
impl magicbutton::middleware::Middleware for Before {
    async fn handle(
        &self,
        message: magicbutton::Message,
        next: magicbutton::middleware::Next,
    ) -> magicbutton::middleware::Handled {
        let _ = self.0.send(message.name().to_string());
        next.run(message).await
    }
}

#[tokio::test]
async fn middleware_sees_nothing_of_what_is_denied() {
    let (seen, mut names) = broadcast::channel(16);
    let served = archive::serve(Archive::default()).middleware(Before(seen));
    let client: archive::Client = Client::in_process_as(served, actor("auditor")).typed().unwrap();
    assert_eq!(told(client.read().await), "F");
    assert_eq!(first(client.watch(String::new())).await, "F");
    client.emit(Changed { by: "auditor".to_owned() }).await.unwrap_err();
    client.whoami().await.unwrap();
    assert_eq!(names.recv().await.unwrap(), "archive/whoami");
}

#[tokio::test]
async fn without_an_authenticator_everything_but_the_public_is_closed() {
    let server = Server::builder().serve(archive::serve(Archive::default()));
    let _server = server.bind("memory://closed").start().await.unwrap();
    let client = connect("memory://closed", "nobody").await;
    client.hours().await.unwrap();
    assert_eq!(told(client.read().await), "A");
    assert_eq!(subscribed::<Noted>(&client).await, "A");
}

#[test]
fn the_rules_print_as_a_table() {
    let table = archive::CONTRACT.access_table();
    expect_table(&table);
    assert_eq!(Changed::events().next().unwrap().emit.to_string(), "paper:announce");
}

fn expect_table(table: &str) {
    let expected = "\
           archive    rule                                   nobody  anybody  viewer  field-editor  admin  auditor
request    hours      public                                 yes     yes      yes     yes           yes    yes
request    whoami     authenticated                          -       yes      yes     yes           yes    yes
request    read       paper:read                             -       -        yes     yes           yes    -
request    write      paper:write                            -       -        -       yes           yes    -
request    purge      role = admin                           -       -        -       -             yes    -
request    audit      any(role = auditor, paper:purge)       -       -        -       -             yes    yes
request    sign       all(paper:read, role = field-editor)   -       -        -       yes           -      -
request    mine       paper:read, guard = owns_paper         -       -        guard   guard         guard  -
request    watch      paper:read                             -       -        yes     yes           yes    -
request    watchMine  paper:read, guard = owns_shelf         -       -        guard   guard         guard  -
subscribe  changed    paper:read                             -       -        yes     yes           yes    -
emit       changed    paper:announce                         -       -        -       yes           yes    -
subscribe  sealed     role = admin                           -       -        -       -             yes    -
emit       sealed     role = admin                           -       -        -       -             yes    -
subscribe  noted      authenticated                          -       yes      yes     yes           yes    yes
emit       noted      authenticated                          -       yes      yes     yes           yes    yes
subscribe  opened     public                                 yes     yes      yes     yes           yes    yes
emit       opened     public                                 yes     yes      yes     yes           yes    yes
";
    let words = |text: &str| -> Vec<Vec<String>> {
        text.lines().map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
    };
    assert_eq!(words(table), words(expected), "{table}");
    assert!(table.lines().all(|line| !line.ends_with(' ')));
}

#[test]
fn who_may_is_no_part_of_the_shape() {
    contract!(
        #[contract(version = "1.0.0")]
        mod open {
            #[request]
            async fn ask(what: String) -> u32;
        }
    );
    mod closed {
        magicbutton::contract!(
            #[contract(version = "1.0.0")]
            pub(super) mod open {
                #[roles]
                enum Role {
                    #[grants("thing:ask")]
                    Asker,
                }
                #[request]
                #[access("thing:ask", guard = may)]
                async fn ask(what: String) -> u32;
            }
        );
    }
    assert_eq!(open::CONTRACT.fingerprint, closed::open::CONTRACT.fingerprint);
    assert_eq!(closed::open::CONTRACT.roles[0].permissions, ["thing:ask"]);
}
