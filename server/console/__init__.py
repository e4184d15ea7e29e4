"""Pages for people at ``/ui/``, rendered by the server; each asks the API as the caller whose session it is."""
