"""What Keras 1 and 2 kept in another order or under other paths than Keras 3."""
