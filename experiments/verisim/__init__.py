"""World models with an oracle in the loop: worlds, proposers, the loop, the studies. See docs/verisim.md."""
