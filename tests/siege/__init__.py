"""The lab under attack, door by door; docs/security.md says what each of these found."""
