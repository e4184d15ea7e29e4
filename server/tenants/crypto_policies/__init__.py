"""The crypto policy of namespaces: documents, their expressions, exceptions, and the gates that engines ask."""
