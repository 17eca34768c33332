"""Teams of agents on AutoGen, behind HTTP."""

SERVICE_NAME = "bizstack-autogen"
