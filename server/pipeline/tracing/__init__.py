"""Traces by OpenTelemetry, an extra: spans of requests, of storage and of the seal, sent to a collector over OTLP.

Without a ``tracing`` block OpenTelemetry isn't loaded, and a request pays for one call of a method. With one,
``tracing`` puts subclasses and wrappers in the places of the dispatcher, the store and the seal.

Spans hold names of routes, mounts and namespaces, and results; no paths, parameters, tokens or texts of errors.
"""
