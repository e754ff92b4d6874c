"""Generated from the proto file: messages and stub of `RouteControl`."""
