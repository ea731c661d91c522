"""Notes what loading does outside of itself: files, modules, code, pickles, sockets."""

import contextlib
import sys

EVENTS = ("open", "import", "exec", "marshal.loads", "pickle.find_class", "socket.connect")
_CODE = ("exec", "marshal.loads", "pickle.find_class", "socket.connect")


class _Watch:
    """One hook, which cannot be taken out again and so is switched on and off."""

    def __init__(self):
        self.events, self._on = [], False
        sys.addaudithook(self._note)

    def _note(self, event, args):
        if self._on and event in EVENTS:
            self.events.append((event, *(str(arg) for arg in args[:1])))

    @contextlib.contextmanager
    def __call__(self):
        self.events, self._on = [], True
        try:
            yield
        finally:
            self._on = False

    def named(self, word):
        """Events about something that has a word in its name."""
        return [event for event in self.events if word in event[-1]]

    def code(self):
        """Code that was run or unpacked, and connections that were opened."""
        return [event for event in self.events if event[0] in _CODE]


WATCH = _Watch()
