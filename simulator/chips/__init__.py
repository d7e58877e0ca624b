"""The chips of the board at their registers, and the bus between them."""
