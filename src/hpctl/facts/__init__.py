"""What hpctl asks of the outside world, the rows it gets, and the lazy world made of them."""
