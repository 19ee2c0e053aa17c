#!/usr/bin/env bash
# Licences, bans and sources of every dependency, and known advisories: what deny.toml says. Needs cargo-deny, and for the advisories
# a database that it fetches. Where one of them cannot be had, says so loudly, and passes; with MB_REQUIRE_SERVICES=1 it fails.
set -euo pipefail
cd "$(dirname "$0")/.."

skip() {
    printf '\n***** SKIPPED: %s *****\n\n' "$*" >&2
    [ "${MB_REQUIRE_SERVICES:-}" != 1 ] || exit 1
}

if ! command -v cargo-deny >/dev/null; then
    skip "cargo-deny is not installed (cargo install --locked cargo-deny): licences, bans, sources and advisories are unchecked"
    exit 0
fi

cargo deny --locked check licenses bans sources

# The database is fetched; no answer is no advisory.
if cargo deny fetch db; then
    cargo deny --locked check --disable-fetch advisories
else
    skip "the database of advisories cannot be had: known holes are unchecked"
fi
