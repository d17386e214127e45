"""The deliverability gates: a message as it is sent, or as it was received, in; what is wrong with it out."""
