#!/usr/bin/env bash
# Every package compiles with each feature alone, with none and with all of them, and clippy has nothing to say. Takes some minutes
# from nothing; `.ci/run` has the main sets. `scripts/features.sh magicbutton` checks one package only.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=("$@")
[ ${#packages[@]} -gt 0 ] || packages=(magicbutton mb-runtime mb-core mb-transport-memory mb-transport-ws mb-transport-nats mb-macros)

# The names under [features], as they stand in the manifest.
features_of() {
    local manifest=Cargo.toml
    [ "$1" = magicbutton ] || manifest="$1/Cargo.toml"
    awk '/^\[/ { on = ($0 == "[features]") } on && /^[a-z0-9_-]+ *=/ { print $1 }' "$manifest" | grep -v '^default$' || true
}

failed=()
check() {
    local package=$1
    shift
    printf '%s: %s\n' "$package" "${*:-defaults}"
    cargo clippy --quiet --locked --lib -p "$package" "$@" -- -D warnings || failed+=("$package $*")
}

for package in "${packages[@]}"; do
    check "$package"
    check "$package" --no-default-features
    check "$package" --all-features
    for feature in $(features_of "$package"); do
        check "$package" --no-default-features --features "$feature"
    done
done

if [ ${#failed[@]} -gt 0 ]; then
    printf 'not clean: %s\n' "${failed[@]}" >&2
    exit 1
fi
echo "every feature compiles alone, and all of them together"
