//! The stages as plain functions: what the compiler would see.
