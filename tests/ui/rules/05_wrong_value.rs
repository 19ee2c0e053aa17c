//! Rules that do not say what they have to say.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        struct Item {
            #[garde]
            a: String,
            #[garde = "ascii"]
            b: String,
            #[garde()]
            c: String,
            #[garde(length)]
            d: String,
            #[garde(length(bytes))]
            e: String,
            #[garde(length(min))]
            f: String,
            #[garde(range(min = 5, max = 2))]
            g: u32,
            #[garde(contains)]
            h: String,
            #[garde("ascii")]
            i: String,
            #[garde(pattern("(a"))]
            j: String,
            #[garde(matches(1))]
            k: String,
            #[garde(if(ascii))]
            l: String,
            #[garde(custom())]
            m: String,
            #[garde(ascii = true)]
            n: String,
        }
    }
);

fn main() {}
