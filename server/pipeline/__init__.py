"""The request pipeline: from ASGI messages through dispatch to the answer."""
