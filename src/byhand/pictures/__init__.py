"""Pictures as arrays, without any network: opened, lit evenly, taken apart; and one digit made as MNIST has them."""
