"""What commands answer: frozen, versioned models; every output form is made of them."""
