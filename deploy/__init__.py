"""How the product is put to work: the local stack, images, and what it starts with."""
