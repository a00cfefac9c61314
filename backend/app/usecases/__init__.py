"""The verbs callers ask for. They name what they need in `ports` and know nothing of HTTP, SQL or any vendor."""
