"""The standard library and the builtins: files, streams, settings, the process."""

from thruway.program.knowledge.table import Table

TABLE = Table(
    library="builtins",
    roles={
        "ingest": """
            pickle: load json: load csv: reader DictReader sqlite3: connect
            urllib.request: urlopen urlretrieve zipfile: ZipFile tarfile: open
        """,
        "export": """
            pickle: dump json: dump csv: writer DictWriter shutil: copy copyfile move make_archive
            os: makedirs mkdir
        """,
        "explore": "builtins: print pprint: pprint timeit: timeit",
        "report": "logging: info warning error debug critical exception",
    },
    effects={
        "random:python": """
            random: seed random randint randrange choice choices sample shuffle uniform gauss
            normalvariate expovariate betavariate gammavariate lognormvariate triangular
            vonmisesvariate paretovariate weibullvariate getrandbits setstate
        """,
        "options:warnings": """
            warnings: filterwarnings simplefilter resetwarnings catch_warnings
        """,
        "options:logging": """
            logging: basicConfig disable captureWarnings addLevelName
        """,
        "options:decimal": "decimal: setcontext",
        "options:cwd": "os: chdir",
        "options:path": "sys.path: append insert extend remove",
        "env": """
            os: putenv unsetenv os.environ: update setdefault pop clear locale: setlocale
            time: tzset
        """,
        "file:read": "builtins: open io: open",
        "file:write": """
            os: remove unlink rename replace makedirs mkdir rmdir removedirs truncate
            shutil: rmtree copy copyfile copytree move
            urllib.request: urlretrieve
        """,
        "outside:network": "urllib.request: urlopen urlretrieve",
        "outside:process": """
            subprocess: run call check_call check_output Popen getoutput
            os: system popen
        """,
        "outside:stdin": "builtins: input getpass: getpass",
        "argument:0": """
            builtins: next setattr delattr random: shuffle
            heapq: heappush heappop heapify heapreplace heappushpop
            bisect: insort insort_left insort_right
        """,
    },
    parameters="""
        builtins: open(file,mode) next(iterator,default)
        random: seed(a) os: chdir(path) makedirs(name) zipfile: ZipFile(file) tarfile: open(name)
        sqlite3: connect(database) pickle: dump(obj,file) json: dump(obj,fp)
        urllib.request: urlretrieve(url,filename)
        random: Random(x)
    """,
    lift={
        "path": """
            builtins: open.file zipfile: ZipFile.file tarfile: open.name
        """,
        "seed": "random: seed.a Random.x",
    },
)
