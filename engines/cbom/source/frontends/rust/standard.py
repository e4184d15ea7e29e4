"""Front-end of Rust: names of Rust's own library and of traits, as what they give is read."""

from __future__ import annotations

WRAPPING = frozenset(
    {"Ok", "Some", "Box", "Arc", "Rc", "Option", "Cow", "Mutex", "RwLock", "Result", "Zeroizing", "Pin"}
)
"""Types and variants that hold one value, for which they stand."""

SAME = frozenset(
    {"unwrap", "clone", "to_vec", "to_owned", "to_string", "as_ref", "as_mut", "as_slice", "as_mut_slice", "as_bytes"}
    | {"as_str", "into", "into_boxed_slice", "into_bytes", "try_into", "unwrap_or_default", "ok", "copied", "cloned"}
    | {"bytes", "iter", "into_iter", "iter_mut", "collect", "chars", "to_bytes", "as_deref", "as_deref_mut", "deref"}
    | {"borrow", "borrow_mut", "lock", "read", "write", "get_ref", "into_inner", "into_owned", "into_string", "by_ref"}
    | {"expose_secret", "into_vec", "to_string_lossy", "as_array", "as_ptr", "as_mut_ptr", "boxed", "trim", "deref_mut"}
)
"""Methods without arguments that give their object, or a copy or a view of it."""

SAME_OR_ERROR = frozenset({"expect", "map_err", "context", "with_context", "ok_or", "ok_or_else", "wrap_err"})
"""Methods that give their object, and whose argument tells of an error."""

APPLIED = frozenset({"map", "and_then", "for_each", "flat_map", "map_or_else", "then", "is_some_and", "inspect"})
"""Methods that call a function with what is in their object."""

OR_CALL = frozenset({"unwrap_or_else", "or_else", "get_or_init", "get_or_insert_with"})
"""Methods that give their object, or what a function returns."""

OR_ELSE = OR_CALL | {"unwrap_or", "or"}
"""Methods that give their object, or what their argument is or returns."""

TRAITS = frozenset(
    {
        "Digest",
        "Default",
        "KeyInit",
        "NewAead",
        "KeyIvInit",
        "NewCipher",
        "BlockCipher",
        "NewBlockCipher",
        "Mac",
        "NewMac",
    }
    | {"SeedableRng", "FromEntropy", "BlockMode", "FromStr", "From", "TryFrom", "FixedOutput", "Update"}
    | {"VariableOutput"}
)
"""Traits whose functions are those of the type that a result is declared to have: ``let h: Sha256 = Digest::new()``."""

MAKING = frozenset(
    {"new", "new_from_slice", "new_from_slices", "new_varkey", "from", "try_from", "from_seed", "seed_from_u64"}
)
"""Functions of these traits with arguments that make such a value."""

LAZY = frozenset({"Lazy", "LazyLock", "LazyCell"})
"""Types whose values are what the function returns of which they are made."""
