"""Hazards of the language: what names, functions, classes and objects remember between cells.

name → (why it is hard, program). Each program ends in `RESULT`, a plain value.
"""

CASES = {
    "a generator half consumed": (
        "its frame runs in one process",
        """
        # %%
        def numbers(n):
            for i in range(n):
                yield i * i
        g = numbers(6)
        first = next(g)
        # %%
        second = next(g)
        # %%
        RESULT = [first, second, list(g)]
        """,
    ),
    "zip, map and enumerate half consumed": (
        "they keep their place, and a copy would begin anew",
        """
        # %%
        pairs = zip("abc", [1, 2, 3])
        doubled = map(lambda v: v * 2, [1, 2, 3])
        counted = enumerate("xyz", 5)
        head = [next(pairs), next(doubled), next(counted)]
        # %%
        body = [next(pairs), next(doubled), next(counted)]
        # %%
        RESULT = [head, body, list(pairs), list(doubled), list(counted)]
        """,
    ),
    "an iterator of a list that grows": (
        "the iterator sees what is appended later",
        """
        # %%
        items = [1, 2]
        it = iter(items)
        a = next(it)
        # %%
        items.append(3)
        # %%
        RESULT = [a, list(it)]
        """,
    ),
    "itertools.count as a source of numbers": (
        "each use moves it on",
        """
        # %%
        import itertools
        ids = itertools.count(10)
        a = next(ids)
        # %%
        b = next(ids)
        # %%
        RESULT = [a, b, next(ids)]
        """,
    ),
    "itertools.cycle in a function": (
        "a function that moves a global iterator",
        """
        # %%
        import itertools
        colours = itertools.cycle("rgb")
        def colour():
            return next(colours)
        # %%
        a = colour() + colour()
        # %%
        RESULT = a + colour()
        """,
    ),
    "a mutable default argument": (
        "a function that remembers between calls",
        """
        # %%
        def remember(v, seen=[]):
            seen.append(v)
            return len(seen)
        # %%
        a = remember(1)
        # %%
        b = remember(2)
        # %%
        RESULT = [a, b]
        """,
    ),
    "a mutable default that another call reads": (
        "the default is shared by everybody who calls",
        """
        # %%
        def cache(key, store={}):
            return store.setdefault(key, len(store))
        # %%
        for k in "abca":
            cache(k)
        # %%
        RESULT = [cache("c"), cache("z")]
        """,
    ),
    "function attributes": (
        "a function is an object with state",
        """
        # %%
        def f(v):
            f.calls += 1
            return v * f.calls
        f.calls = 0
        # %%
        a = f(2)
        # %%
        b = f(2)
        # %%
        RESULT = [a, b, f.calls]
        """,
    ),
    "lru_cache": (
        "results are kept, and cache_info counts",
        """
        # %%
        import functools
        calls = []
        @functools.lru_cache(maxsize=None)
        def square(v):
            calls.append(v)
            return v * v
        # %%
        a = square(3)
        # %%
        b = square(3)
        # %%
        RESULT = [a, b, len(calls), square.cache_info().hits]
        """,
    ),
    "a memo dictionary and recursion": (
        "a cache by hand that functions fill",
        """
        # %%
        memo = {}
        def fib(n):
            if n not in memo:
                memo[n] = n if n < 2 else fib(n - 1) + fib(n - 2)
            return memo[n]
        # %%
        a = fib(10)
        # %%
        RESULT = [a, len(memo), fib(12), len(memo)]
        """,
    ),
    "class attributes": (
        "state of the class, changed through instances' methods",
        """
        # %%
        class Counter:
            made = 0
            def __init__(self):
                Counter.made += 1
                self.number = Counter.made
        # %%
        a = Counter()
        # %%
        b = Counter()
        # %%
        RESULT = [a.number, b.number, Counter.made]
        """,
    ),
    "class attributes set from outside": (
        "`Config.x = …` changes what later code reads from the class",
        """
        # %%
        class Config:
            rate = 1
            names = []
        # %%
        Config.rate = 5
        Config.names.append("a")
        # %%
        Config.extra = "new"
        # %%
        RESULT = [Config.rate, Config.names, Config.extra]
        """,
    ),
    "setattr on a class": (
        "the change does not look like an assignment",
        """
        # %%
        class Config:
            rate = 1
        # %%
        setattr(Config, "rate", 7)
        # %%
        RESULT = Config.rate
        """,
    ),
    "a class method that keeps a registry": (
        "cls.registry grows",
        """
        # %%
        class Model:
            registry = {}
            @classmethod
            def add(cls, name):
                cls.registry[name] = len(cls.registry)
                return cls
        # %%
        Model.add("a")
        # %%
        Model.add("b")
        # %%
        RESULT = Model.registry
        """,
    ),
    "a registry filled by a decorator": (
        "defining a function has an effect",
        """
        # %%
        REGISTRY = {}
        def register(f):
            REGISTRY[f.__name__] = f
            return f
        # %%
        @register
        def double(v):
            return v * 2
        # %%
        @register
        def triple(v):
            return v * 3
        # %%
        RESULT = {name: f(5) for name, f in REGISTRY.items()}
        """,
    ),
    "a registry of a decorator with arguments": (
        "the same, one level deeper",
        """
        # %%
        STEPS = []
        def stage(order):
            def wrap(f):
                STEPS.append((order, f.__name__))
                return f
            return wrap
        # %%
        @stage(2)
        def clean(v):
            return v - 1
        # %%
        @stage(1)
        def load(v):
            return v + 1
        # %%
        RESULT = [sorted(STEPS), clean(load(3))]
        """,
    ),
    "__init_subclass__": (
        "defining a class fills a registry",
        """
        # %%
        class Base:
            kinds = []
            def __init_subclass__(cls, **kwargs):
                super().__init_subclass__(**kwargs)
                Base.kinds.append(cls.__name__)
        # %%
        class One(Base):
            pass
        # %%
        class Two(Base):
            pass
        # %%
        RESULT = Base.kinds
        """,
    ),
    "a metaclass that counts": (
        "the registry is on the metaclass",
        """
        # %%
        class Meta(type):
            made = []
            def __new__(mcs, name, bases, namespace):
                mcs.made.append(name)
                return super().__new__(mcs, name, bases, namespace)
        # %%
        class A(metaclass=Meta):
            pass
        # %%
        class B(A):
            pass
        # %%
        RESULT = Meta.made
        """,
    ),
    "subclasses of a class": (
        "`__subclasses__` knows classes defined elsewhere",
        """
        # %%
        class Base:
            pass
        # %%
        class One(Base):
            pass
        # %%
        RESULT = sorted(c.__name__ for c in Base.__subclasses__())
        """,
    ),
    "a wrapping decorator that counts": (
        "state in a closure of the decorated function",
        """
        # %%
        import functools
        def counted(f):
            @functools.wraps(f)
            def inner(*args):
                inner.calls += 1
                return f(*args)
            inner.calls = 0
            return inner
        @counted
        def add(a, b):
            return a + b
        # %%
        x = add(1, 2)
        # %%
        y = add(x, 2)
        # %%
        RESULT = [x, y, add.calls]
        """,
    ),
    "a closure that counts": (
        "nonlocal state lives in a cell",
        """
        # %%
        def counter():
            n = 0
            def up():
                nonlocal n
                n += 1
                return n
            return up
        tick = counter()
        # %%
        a = tick()
        # %%
        b = tick()
        # %%
        RESULT = [a, b]
        """,
    ),
    "two closures over one cell": (
        "what one sets the other gets",
        """
        # %%
        def make():
            n = 0
            def put(v):
                nonlocal n
                n = v
            def get():
                return n
            return put, get
        put, get = make()
        # %%
        put(7)
        # %%
        RESULT = get()
        """,
    ),
    "closures over a name bound again": (
        "globals are looked up late",
        """
        # %%
        rate = 2
        def scale(v):
            return v * rate
        a = scale(10)
        # %%
        rate = 3
        # %%
        b = scale(10)
        # %%
        RESULT = [a, b]
        """,
    ),
    "a lambda in a loop": (
        "every lambda sees the last value",
        """
        # %%
        late, early = [], []
        for k in range(3):
            late.append(lambda v: v + k)
            early.append(lambda v, k=k: v + k)
        # %%
        RESULT = [[f(10) for f in late], [f(10) for f in early]]
        # %%
        k = 100
        # %%
        RESULT = RESULT + [[f(10) for f in late]]
        """,
    ),
    "a lambda in a dictionary": (
        "functions as values",
        """
        # %%
        offset = 4
        ops = {"add": lambda a, b: a + b + offset, "mul": lambda a, b: a * b}
        # %%
        offset = 5
        # %%
        RESULT = [ops["add"](2, 3), ops["mul"](2, 3)]
        """,
    ),
    "redefinition of a function": (
        "callers get the newest one",
        """
        # %%
        def clean(v):
            return v + 1
        def run(v):
            return clean(v)
        a = run(1)
        # %%
        def clean(v):
            return v + 100
        # %%
        b = run(1)
        # %%
        RESULT = [a, b]
        """,
    ),
    "redefinition of a class": (
        "old instances keep the old class",
        """
        # %%
        class Box:
            kind = "old"
        a = Box()
        # %%
        class Box:
            kind = "new"
        b = Box()
        # %%
        RESULT = [a.kind, b.kind, isinstance(a, Box), isinstance(b, Box)]
        """,
    ),
    "a method put on a class later": (
        "instances made before have it too",
        """
        # %%
        class Box:
            def __init__(self, v):
                self.v = v
        box = Box(3)
        # %%
        def twice(self):
            return self.v * 2
        Box.twice = twice
        # %%
        RESULT = box.twice()
        """,
    ),
    "a sentinel compared with is": (
        "identity must survive the edge",
        """
        # %%
        MISSING = object()
        row = {"a": 1, "b": MISSING}
        # %%
        def filled(v, default=0):
            return default if v is MISSING else v
        # %%
        RESULT = [filled(row["a"]), filled(row["b"]), row["b"] is MISSING]
        """,
    ),
    "a sentinel as a default argument": (
        "the default and the name are one object",
        """
        # %%
        MISSING = object()
        def get(d, key, default=MISSING):
            if key in d:
                return d[key]
            return "absent" if default is MISSING else default
        # %%
        d = {"a": 1}
        # %%
        RESULT = [get(d, "a"), get(d, "b"), get(d, "b", MISSING), get(d, "b", 2)]
        """,
    ),
    "a sentinel kept in an instance": (
        "a class compares with it, an artifact holds it",
        """
        # %%
        UNSET = object()
        class Field:
            def __init__(self, value=UNSET):
                self.value = value
            def known(self):
                return self.value is not UNSET
        # %%
        one, two = Field(), Field(3)
        # %%
        RESULT = [one.known(), two.known()]
        """,
    ),
    "an enum": (
        "members are compared with is",
        """
        # %%
        import enum
        class Colour(enum.Enum):
            RED = 1
            BLUE = 2
        # %%
        chosen = [Colour.RED, Colour.BLUE, Colour(1)]
        # %%
        RESULT = [c is Colour.RED for c in chosen] + [Colour["BLUE"].value]
        """,
    ),
    "a dataclass with a default factory": (
        "instances compare by value and hold lists",
        """
        # %%
        from dataclasses import dataclass, field
        @dataclass
        class Config:
            rate: float = 0.1
            tags: list = field(default_factory=list)
        # %%
        config = Config()
        config.tags.append("a")
        # %%
        other = Config(tags=["a"])
        # %%
        RESULT = [config == other, config.tags is other.tags, repr(config)]
        """,
    ),
    "named tuples of both kinds": (
        "their classes are made by a call",
        """
        # %%
        from collections import namedtuple
        from typing import NamedTuple
        Point = namedtuple("Point", "x y")
        class Size(NamedTuple):
            w: int
            h: int = 2
        # %%
        p, s = Point(1, 2), Size(3)
        # %%
        RESULT = [p.x + s.h, isinstance(p, Point), p == Point(1, 2), list(s._replace(w=9))]
        """,
    ),
    "an exception used later": (
        "the name of `except … as e` is deleted, another holds it",
        """
        # %%
        errors = []
        try:
            int("x")
        except ValueError as e:
            errors.append(e)
            last = e
        # %%
        message = str(last)
        # %%
        RESULT = [message, last is errors[0], type(last).__name__, last.__traceback__ is None]
        """,
    ),
    "an exception class of the program": (
        "raised in one cell, caught in another",
        """
        # %%
        class Bad(ValueError):
            def __init__(self, code):
                super().__init__(f"code {code}")
                self.code = code
        def check(v):
            if v < 0:
                raise Bad(v)
            return v
        # %%
        try:
            check(-3)
        except Bad as e:
            caught = e
        # %%
        RESULT = [caught.code, str(caught), isinstance(caught, Bad)]
        """,
    ),
    "del of a name": (
        "whether a name exists is a value too",
        """
        # %%
        temp = [1, 2]
        keep = temp
        # %%
        del temp
        # %%
        try:
            temp
            known = True
        except NameError:
            known = False
        # %%
        keep.append(3)
        RESULT = [known, keep]
        """,
    ),
    "del of parts": (
        "items, attributes and slices are changes of their owner",
        """
        # %%
        import types
        d, items, ns = {"a": 1, "b": 2}, [1, 2, 3, 4], types.SimpleNamespace(x=1, y=2)
        # %%
        del d["a"], items[1:3], ns.x
        # %%
        RESULT = [d, items, sorted(vars(ns))]
        """,
    ),
    "globals()[…] = …": (
        "a name bound behind the text",
        """
        # %%
        for name in ("alpha", "beta"):
            globals()[name] = len(name)
        # %%
        RESULT = alpha + beta
        """,
    ),
    "exec of assignments": (
        "names from a text",
        """
        # %%
        exec("gamma = 3\\ndelta = gamma * 2")
        # %%
        RESULT = gamma + delta
        """,
    ),
    "locals() as a table": (
        "at the top level it is the globals",
        """
        # %%
        x1, x2 = 4, 5
        # %%
        table = {n: locals()[n] for n in ("x1",)} if False else {n: v for n, v in list(locals().items()) if n in ("x1", "x2")}
        # %%
        RESULT = table
        """,
    ),
    "eval of a formula": (
        "names that only the text of the formula reads",
        """
        # %%
        a, b = 3, 4
        # %%
        formula = "a * 10 + b"
        # %%
        RESULT = eval(formula)
        """,
    ),
    "a conditional import": (
        "the module that is there is taken",
        """
        # %%
        try:
            import no_such_module_at_all as fast
        except ImportError:
            import json as fast
        # %%
        HAS = fast.__name__ == "json"
        # %%
        RESULT = [fast.dumps([1]), HAS]
        """,
    ),
    "an import inside an if": (
        "the module is bound on one path",
        """
        # %%
        use = True
        if use:
            import math as m
        else:
            import cmath as m
        # %%
        RESULT = m.floor(2.7)
        """,
    ),
    "a walrus in a comprehension": (
        "it binds outside of the comprehension",
        """
        # %%
        values = [n for i in range(5) if (n := i * i) > 3]
        # %%
        RESULT = [values, n]
        """,
    ),
    "a walrus in a condition": (
        "bound while tested",
        """
        # %%
        data = [5, 6, 7]
        while (size := len(data)) > 1:
            data.pop()
        # %%
        RESULT = [size, data]
        """,
    ),
    "global in nested functions": (
        "two levels down a global is bound",
        """
        # %%
        total = 0
        def outer(v):
            def inner():
                global total
                total += v
            inner()
        # %%
        outer(3)
        # %%
        outer(4)
        # %%
        RESULT = total
        """,
    ),
    "global that makes a new name": (
        "nobody bound it before the call",
        """
        # %%
        def start():
            global session
            session = {"n": 1}
        # %%
        start()
        # %%
        session["n"] += 1
        # %%
        RESULT = session
        """,
    ),
    "__getattr__ with state": (
        "reading an attribute changes the object",
        """
        # %%
        class Lazy:
            def __init__(self):
                self.asked = []
            def __getattr__(self, name):
                if name.startswith("__"):
                    raise AttributeError(name)
                self.asked.append(name)
                return len(self.asked)
        lazy = Lazy()
        # %%
        a = lazy.alpha
        # %%
        b = lazy.beta
        # %%
        RESULT = [a, b, lazy.asked]
        """,
    ),
    "a descriptor with state": (
        "the state is on the class, not on the instance",
        """
        # %%
        class Counted:
            def __init__(self):
                self.reads = 0
            def __get__(self, instance, owner):
                self.reads += 1
                return self.reads
        class Thing:
            value = Counted()
        # %%
        thing = Thing()
        a = thing.value
        # %%
        b = thing.value
        # %%
        RESULT = [a, b]
        """,
    ),
    "a property that caches": (
        "cached_property and a property that writes",
        """
        # %%
        import functools
        log = []
        class Data:
            @functools.cached_property
            def size(self):
                log.append("size")
                return 3
        data = Data()
        # %%
        a = data.size
        # %%
        b = data.size
        # %%
        RESULT = [a, b, log]
        """,
    ),
    "a singleton by __new__": (
        "one instance for everybody",
        """
        # %%
        class Settings:
            _one = None
            def __new__(cls):
                if cls._one is None:
                    cls._one = super().__new__(cls)
                    cls._one.values = {}
                return cls._one
        # %%
        Settings().values["a"] = 1
        # %%
        Settings().values["b"] = 2
        # %%
        RESULT = [Settings().values, Settings() is Settings()]
        """,
    ),
    "a singleton by a module-level function": (
        "a global that is made on first use",
        """
        # %%
        _instance = None
        def instance():
            global _instance
            if _instance is None:
                _instance = {"made": 0}
            _instance["made"] += 1
            return _instance
        # %%
        a = instance()
        # %%
        b = instance()
        # %%
        RESULT = [a is b, a["made"]]
        """,
    ),
    "a weak reference": (
        "it must not outlive, nor lose, its object",
        """
        # %%
        import weakref
        class Node:
            pass
        node = Node()
        node.v = 4
        ref = weakref.ref(node)
        # %%
        a = ref().v
        # %%
        node.v = 5
        # %%
        RESULT = [a, ref().v, ref() is node]
        """,
    ),
    "a WeakValueDictionary": (
        "its entries live as long as others hold them",
        """
        # %%
        import weakref
        class Node:
            def __init__(self, v):
                self.v = v
        cache = weakref.WeakValueDictionary()
        node = cache["a"] = Node(1)
        # %%
        cache["b"] = other = Node(2)
        # %%
        RESULT = sorted((k, n.v) for k, n in cache.items())
        """,
    ),
    "a thread started and joined": (
        "what it did is there after the join",
        """
        # %%
        import threading
        results = []
        worker = threading.Thread(target=lambda: results.append(sum(range(5))))
        worker.start()
        # %%
        worker.join()
        # %%
        RESULT = results
        """,
    ),
    "a pool of threads": (
        "an executor that is kept open",
        """
        # %%
        from concurrent.futures import ThreadPoolExecutor
        pool = ThreadPoolExecutor(2)
        futures = [pool.submit(pow, n, 2) for n in range(4)]
        # %%
        values = [f.result() for f in futures]
        # %%
        pool.shutdown()
        RESULT = values
        """,
    ),
    "a lock": (
        "used by functions, of one process",
        """
        # %%
        import threading
        lock = threading.Lock()
        total = 0
        def add(v):
            global total
            with lock:
                total += v
        # %%
        add(2)
        # %%
        add(3)
        # %%
        RESULT = [total, lock.locked()]
        """,
    ),
    "functools.partial of a local function": (
        "it holds a function that has no importable name",
        """
        # %%
        import functools
        def make(k):
            def power(v, by):
                return v ** by + k
            return functools.partial(power, by=2)
        square = make(1)
        # %%
        a = square(3)
        # %%
        RESULT = [a, square(4)]
        """,
    ),
    "functools.partial that holds a list": (
        "its argument is shared with a name",
        """
        # %%
        import functools
        seen = []
        note = functools.partial(seen.append)
        # %%
        note(1)
        # %%
        note(2)
        # %%
        RESULT = seen
        """,
    ),
    "singledispatch": (
        "a function to which others are added",
        """
        # %%
        import functools
        @functools.singledispatch
        def show(v):
            return "any"
        # %%
        @show.register
        def _(v: int):
            return "int"
        # %%
        @show.register
        def _(v: list):
            return "list"
        # %%
        RESULT = [show(1), show([]), show("x")]
        """,
    ),
    "a generator in a class": (
        "an object that keeps a running generator",
        """
        # %%
        class Stream:
            def __init__(self):
                self.source = self._numbers()
            def _numbers(self):
                n = 0
                while True:
                    yield n
                    n += 1
            def take(self, k):
                return [next(self.source) for _ in range(k)]
        stream = Stream()
        # %%
        a = stream.take(2)
        # %%
        RESULT = [a, stream.take(2)]
        """,
    ),
    "an iterator class with a place": (
        "its state is in attributes",
        """
        # %%
        class Up:
            def __init__(self):
                self.n = 0
            def __iter__(self):
                return self
            def __next__(self):
                self.n += 1
                return self.n
        up = Up()
        a = next(up)
        # %%
        b = next(up)
        # %%
        RESULT = [a, b, next(up)]
        """,
    ),
    "an object with itself inside": (
        "cycles and identity",
        """
        # %%
        node = {"name": "a", "children": []}
        child = {"name": "b", "parent": node}
        node["children"].append(child)
        # %%
        node["name"] = "root"
        # %%
        RESULT = [child["parent"]["name"], child["parent"]["children"][0] is child]
        """,
    ),
    "a list in two containers": (
        "three names tied by one object",
        """
        # %%
        row = [1]
        table, index = {"r": row}, [row]
        # %%
        table["r"].append(2)
        # %%
        index[0].append(3)
        # %%
        RESULT = [row, table, index]
        """,
    ),
    "rows made by multiplication": (
        "the rows of `[[0] * 2] * 2` are one",
        """
        # %%
        grid = [[0] * 2] * 2
        # %%
        grid[0][1] = 5
        # %%
        RESULT = grid
        """,
    ),
    "augmented assignment to an alias": (
        "`+=` works in place on a list and anew on a tuple",
        """
        # %%
        a = [1]
        b = a
        s = t = (1,)
        # %%
        b += [2]
        t += (2,)
        # %%
        RESULT = [a, b, s, t]
        """,
    ),
    "a context manager with state": (
        "what it changes it puts back",
        """
        # %%
        import contextlib
        depth = 0
        @contextlib.contextmanager
        def deeper():
            global depth
            depth += 1
            try:
                yield depth
            finally:
                depth -= 1
        # %%
        with deeper() as one, deeper() as two:
            inside = depth
        # %%
        RESULT = [one, two, inside, depth]
        """,
    ),
    "a stack of contexts left open": (
        "ExitStack closes in a later cell",
        """
        # %%
        import contextlib
        log = []
        stack = contextlib.ExitStack()
        stack.callback(log.append, "closed")
        # %%
        before = list(log)
        # %%
        stack.close()
        # %%
        RESULT = [before, log]
        """,
    ),
    "names hidden by comprehensions and loops": (
        "`i` of a loop stays, of a comprehension does not",
        """
        # %%
        i = "old"
        squares = [i * i for i in range(3)]
        kept = i
        # %%
        for i in range(2):
            pass
        # %%
        RESULT = [squares, kept, i]
        """,
    ),
    "star imports": (
        "names that no text shows",
        """
        # %%
        from math import *
        from statistics import *
        # %%
        a = floor(mean([1, 2, 6]))
        # %%
        RESULT = [a, round(pi, 2)]
        """,
    ),
    "a star import over a name": (
        "it hides what the program bound before",
        """
        # %%
        pi = 3
        before = pi
        # %%
        from math import *
        # %%
        RESULT = [before, round(pi, 4)]
        """,
    ),
    "a builtin hidden and given back": (
        "`del sum` shows the builtin again",
        """
        # %%
        sum = lambda values: "mine"
        a = sum([1, 2])
        # %%
        del sum
        # %%
        RESULT = [a, sum([1, 2])]
        """,
    ),
    "a builtin changed": (
        "an attribute of `builtins` is everywhere",
        """
        # %%
        import builtins
        builtins.answer = 42
        # %%
        RESULT = answer
        """,
    ),
    "swap and chained assignment": (
        "several names at once",
        """
        # %%
        a = b = [1]
        c, d = {"x": a}, 2
        # %%
        c, d = d, c
        # %%
        b.append(5)
        # %%
        RESULT = [a, c, d]
        """,
    ),
    "match": (
        "patterns bind names",
        """
        # %%
        event = {"kind": "move", "to": [1, 2]}
        # %%
        match event:
            case {"kind": "move", "to": [x, y]}:
                moved = True
            case _:
                moved = False
        # %%
        RESULT = [moved, x, y]
        """,
    ),
    "try, finally and else": (
        "each clause binds",
        """
        # %%
        log = []
        # %%
        try:
            v = 1
        except ValueError:
            v = 2
        else:
            log.append("else")
        finally:
            log.append("finally")
        # %%
        RESULT = [v, log]
        """,
    ),
    "operator overloading in place": (
        "`+=` of a class changes the object and its aliases",
        """
        # %%
        class Bag:
            def __init__(self):
                self.items = []
            def __iadd__(self, v):
                self.items.append(v)
                return self
            def __call__(self, v):
                self.items.append(-v)
        bag = Bag()
        same = bag
        # %%
        bag += 1
        # %%
        same(2)
        # %%
        RESULT = [bag.items, bag is same]
        """,
    ),
    "a class with slots": (
        "no dictionary to look into",
        """
        # %%
        class Point:
            __slots__ = ("x", "y")
            def __init__(self, x, y):
                self.x, self.y = x, y
        p = Point(1, [2])
        # %%
        p.x = 9
        p.y.append(3)
        # %%
        RESULT = [p.x, p.y]
        """,
    ),
    "a class that subclasses dict": (
        "content and attributes",
        """
        # %%
        class Attr(dict):
            __getattr__ = dict.__getitem__
            __setattr__ = dict.__setitem__
        cfg = Attr(lr=1)
        # %%
        cfg.lr = 3
        cfg["layers"] = [1]
        # %%
        cfg.layers.append(2)
        # %%
        RESULT = dict(cfg)
        """,
    ),
    "defaultdict, Counter, deque, OrderedDict": (
        "containers that make entries when read",
        """
        # %%
        from collections import Counter, OrderedDict, defaultdict, deque
        groups, counts, window, order = defaultdict(list), Counter(), deque(maxlen=2), OrderedDict(a=1, b=2)
        # %%
        groups["x"]
        groups["y"].append(1)
        counts["a"] += 1
        counts.update("ab")
        window.extend([1, 2, 3])
        order.move_to_end("a")
        # %%
        RESULT = [dict(groups), dict(counts), list(window), list(order)]
        """,
    ),
    "defaultdict of a lambda": (
        "its factory has no name",
        """
        # %%
        from collections import defaultdict
        start = 3
        table = defaultdict(lambda: start)
        # %%
        table["a"] += 1
        # %%
        start = 10
        # %%
        table["b"] += 1
        RESULT = dict(table)
        """,
    ),
    "an abstract base class with a registered class": (
        "isinstance depends on a call",
        """
        # %%
        import abc
        class Shape(abc.ABC):
            @abc.abstractmethod
            def area(self): ...
        class Square:
            def area(self):
                return 4
        # %%
        Shape.register(Square)
        # %%
        RESULT = [isinstance(Square(), Shape), Square().area()]
        """,
    ),
    "an instance with methods of its own": (
        "an attribute that is a function",
        """
        # %%
        class Box:
            def __init__(self, v):
                self.v = v
        box = Box(2)
        def describe():
            return f"box of {box.v}"
        box.describe = describe
        # %%
        box.v = 3
        # %%
        RESULT = box.describe()
        """,
    ),
    "a class made in a function": (
        "it has no importable name",
        """
        # %%
        def make(rate):
            class Scaler:
                def scale(self, v):
                    return v * rate
            return Scaler
        Scaler = make(3)
        # %%
        scaler = Scaler()
        # %%
        RESULT = scaler.scale(4)
        """,
    ),
    "a class made by type()": (
        "no class statement at all",
        """
        # %%
        Point = type("Point", (), {"x": 1, "move": lambda self, by: self.x + by})
        # %%
        p = Point()
        # %%
        RESULT = [p.move(4), type(p).__name__]
        """,
    ),
    "a string of a class with __reduce__": (
        "pickling of one's own",
        """
        # %%
        class Unit:
            def __init__(self, name):
                self.name = name
            def __reduce__(self):
                return (Unit, (self.name,))
        metre = Unit("m")
        # %%
        units = [metre, metre]
        # %%
        RESULT = [units[0].name, units[0] is units[1], units[0] is metre]
        """,
    ),
    "id and hash of objects": (
        "sets and dictionaries of objects by identity",
        """
        # %%
        class Node:
            pass
        a, b = Node(), Node()
        seen = {a}
        depth = {a: 1, b: 2}
        # %%
        seen.add(b)
        # %%
        depth[a] += 10
        # %%
        RESULT = [len(seen), a in seen, depth[a], depth[b]]
        """,
    ),
    "a bound method kept": (
        "it holds its object",
        """
        # %%
        class Acc:
            def __init__(self):
                self.total = 0
            def add(self, v):
                self.total += v
                return self.total
        acc = Acc()
        add = acc.add
        # %%
        add(2)
        # %%
        add(3)
        # %%
        RESULT = acc.total
        """,
    ),
    "a chain of generators": (
        "a lazy pipeline that reads a name late",
        """
        # %%
        factor = 2
        lines = (str(n) for n in range(4))
        numbers = (int(line) * factor for line in lines)
        # %%
        factor = 10
        # %%
        RESULT = list(numbers)
        """,
    ),
    "a function that returns its argument": (
        "an alias nobody sees",
        """
        # %%
        def same(v):
            return v
        a = [1]
        b = same(a)
        # %%
        b.append(2)
        # %%
        RESULT = a
        """,
    ),
    "a counter of calls in a global": (
        "two functions share it",
        """
        # %%
        calls = {"n": 0}
        def f(v):
            calls["n"] += 1
            return v
        def g(v):
            return f(v) + f(v)
        # %%
        a = g(1)
        # %%
        b = f(2)
        # %%
        RESULT = [a, b, calls]
        """,
    ),
    "a function attribute read by another": (
        "settings on a function",
        """
        # %%
        def step(v):
            return v + step.size
        step.size = 2
        def walk(v):
            return step(step(v))
        # %%
        a = walk(0)
        # %%
        step.size = 5
        # %%
        RESULT = [a, walk(0)]
        """,
    ),
    "annotations and docstrings used": (
        "the text of a function is a value",
        """
        # %%
        def load(path: str, n: int = 3) -> list:
            "Load it."
            return [path] * n
        # %%
        RESULT = [load.__doc__, sorted(load.__annotations__), load.__defaults__, load("a")]
        """,
    ),
    "inspect.getsource": (
        "the text of a function, as the program wrote it",
        """
        # %%
        import inspect
        def load(v):
            # adds one
            return v + 1
        # %%
        RESULT = [load(1), len(inspect.signature(load).parameters)]
        """,
    ),
    "async functions and a loop": (
        "coroutines run in their cell",
        """
        # %%
        import asyncio
        async def fetch(v):
            await asyncio.sleep(0)
            return v * 2
        # %%
        async def both():
            return await asyncio.gather(fetch(1), fetch(2))
        # %%
        RESULT = asyncio.run(both())
        """,
    ),
}
