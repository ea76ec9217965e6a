"""Prose inside decided constraints: the contract, the two ways of writing, the audit and the mending."""
