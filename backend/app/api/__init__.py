"""HTTP: parse, ask a use case, answer. One router per resource, its models beside it."""
