"""Files written by one cell and used by another, in every way that programs do it."""

from __future__ import annotations

from note_cases import Case, refused, same

CASES = {
    "text_append": same(
        "open('a.txt', 'w').write('1')",
        "with open('a.txt', 'a') as f:\n    f.write('2')",
        "t = open('a.txt').read()",
        "RESULT = t",
    ),
    "csv_back": same(
        "import pandas as pd\npd.DataFrame({'a': [1, 2]}).to_csv('o.csv', index=False)",
        "df = pd.read_csv('o.csv')",
        "RESULT = int(df.a.sum())",
    ),
    "pickle_back": same(
        "import pickle\nwith open('m.pkl', 'wb') as f:\n    pickle.dump({'a': 1}, f)",
        "with open('m.pkl', 'rb') as f:\n    d = pickle.load(f)",
        "RESULT = d",
    ),
    "joblib_back": same(
        "import joblib\nfrom sklearn.linear_model import Ridge\nm = Ridge().fit([[1.0], [2.0]], [1.0, 2.0])\njoblib.dump(m, 'm.joblib')",
        "k = joblib.load('m.joblib')",
        "RESULT = round(float(k.predict([[3.0]])[0]), 6)",
    ),
    "npy_back": same(
        "import numpy as np\nnp.save('a.npy', np.arange(3))\nnp.savez('b.npz', x=np.ones(2))",
        "a = np.load('a.npy')\nb = np.load('b.npz')['x']",
        "RESULT = float(a.sum() + b.sum())",
    ),
    "zip_back": same(
        "import zipfile\nwith zipfile.ZipFile('z.zip', 'w') as z:\n    z.writestr('in/a.txt', 'hi')",
        "with zipfile.ZipFile('z.zip') as z:\n    z.extractall('got')",
        "t = open('got/in/a.txt').read()",
        "RESULT = t",
    ),
    "listdir": same(
        "for i in range(3):\n    open(f'p{i}.txt', 'w').write(str(i))",
        "import os\nnames = sorted(n for n in os.listdir('.') if n.startswith('p'))",
        "RESULT = names",
    ),
    "glob_folder": same(
        "import os, glob\nos.makedirs('parts', exist_ok=True)",
        "for i in range(2):\n    open(f'parts/{i}.txt', 'w').write(str(i))",
        "found = sorted(glob.glob('parts/*.txt'))",
        "RESULT = found",
    ),
    "pathlib_glob": same(
        "from pathlib import Path\nout = Path('parts')\nout.mkdir(parents=True, exist_ok=True)",
        "(out / 'a.txt').write_text('1')",
        "(out / 'b.txt').write_text('2')",
        "RESULT = sorted(p.name for p in out.glob('*.txt'))",
    ),
    "mkdir_plain": same(
        "import os\nos.mkdir('d')",
        "open('d/a.txt', 'w').write('1')",
        "n = os.listdir('d')",
        "RESULT = n",
    ),
    "mkdir_if_missing": same(
        "import os\nif not os.path.exists('d'):\n    os.makedirs('d')",
        "open('d/a.txt', 'w').write('1')",
        "n = os.listdir('d')",
        "RESULT = n",
    ),
    "removed": same(
        "import os\nopen('a.txt', 'w').write('1')",
        "os.remove('a.txt')",
        "there = os.path.exists('a.txt')",
        "RESULT = there",
    ),
    "removed_own_data": same(
        "import os",
        "os.remove('old.txt')",
        "there = os.path.exists('old.txt')",
        "RESULT = there",
        files={"old.txt": "x"},
    ),
    "renamed": same(
        "import os\nopen('a.txt', 'w').write('1')",
        "os.rename('a.txt', 'b.txt')",
        "r = [os.path.exists('a.txt'), open('b.txt').read()]",
        "RESULT = r",
    ),
    "replaced": same(
        "import os\nopen('a.txt', 'w').write('1')\nopen('b.txt', 'w').write('2')",
        "os.replace('a.txt', 'b.txt')",
        "r = open('b.txt').read()",
        "RESULT = [r, os.path.exists('a.txt')]",
    ),
    "overwrites_own_data": same(
        "t = open('d.txt').read()",
        "open('d.txt', 'w').write(t + '!')",
        "u = open('d.txt').read()",
        "RESULT = [t, u]",
        files={"d.txt": "x"},
    ),
    "exists_then_load": same(
        "import os, json\nif os.path.exists('cache.json'):\n    v = json.load(open('cache.json'))\nelse:\n    v = [1, 2]\n    json.dump(v, open('cache.json', 'w'))",
        "w = json.load(open('cache.json'))",
        "RESULT = [v, w]",
    ),
    "exists_after_write": same(
        "import os", "open('flag', 'w').close()", "seen = os.path.exists('flag')", "RESULT = seen"
    ),
    "isfile_before_write": same(
        "import os\nbefore = os.path.isfile('f.txt')",
        "open('f.txt', 'w').write('1')",
        "after = os.path.isfile('f.txt')",
        "RESULT = [before, after]",
    ),
    "getsize": same(
        "import os\nopen('f.txt', 'w').write('12345')", "n = os.path.getsize('f.txt')", "RESULT = n"
    ),
    "path_write_text": same(
        "from pathlib import Path\nPath('a.txt').write_text('hello')",
        "t = Path('a.txt').read_text()",
        "RESULT = t",
    ),
    "open_over_cells": same(
        "f = open('log.txt', 'w')",
        "f.write('one\\n')",
        "f.write('two\\n')",
        "f.close()",
        "RESULT = open('log.txt').read().split()",
    ),
    "never_closed": same("f = open('log.txt', 'w')\nf.write('one')", "x = 1", "RESULT = x"),
    "read_handle_over_cells": same(
        "f = open('d.txt')",
        "a = f.readline()",
        "b = f.readline()",
        "RESULT = [a, b]",
        files={"d.txt": "1\n2\n3\n"},
    ),
    "csv_writer": same(
        "import csv\nwith open('c.csv', 'w', newline='') as f:\n    w = csv.writer(f)\n    w.writerow(['a', 'b'])\n    w.writerow([1, 2])",
        "rows = list(csv.reader(open('c.csv')))",
        "RESULT = rows",
    ),
    "json_dump": same(
        "import json\nwith open('m.json', 'w') as f:\n    json.dump({'acc': 0.5}, f)",
        "m = json.load(open('m.json'))",
        "RESULT = m",
    ),
    "logging_file": same(
        "import logging\nlogger = logging.getLogger('haz')\nlogger.setLevel(logging.INFO)\nh = logging.FileHandler('run.log')\nlogger.addHandler(h)",
        "logger.info('first')",
        "logger.info('second')",
        "RESULT = open('run.log').read().split()",
    ),
    "logging_basic": same(
        "import logging\nlogging.basicConfig(filename='run.log', level=logging.INFO, format='%(message)s', force=True)",
        "logging.info('first')",
        "x = 1\nlogging.info('second')",
        "RESULT = open('run.log').read().split()",
    ),
    "savefig": same(
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('p.png')",
        "import os\nok = os.path.getsize('p.png') > 100",
        "RESULT = ok",
    ),
    "to_csv_append_loop": same(
        "import pandas as pd\nfor i in range(3):\n    pd.DataFrame({'a': [i]}).to_csv('l.csv', mode='a', header=i == 0, index=False)",
        "pd.DataFrame({'a': [9]}).to_csv('l.csv', mode='a', header=False, index=False)",
        "RESULT = pd.read_csv('l.csv').a.tolist()",
    ),
    "sqlite_open": same(
        "import sqlite3\ncon = sqlite3.connect('s.db')",
        "con.execute('create table t(a)')",
        "con.execute('insert into t values (3)')\ncon.commit()",
        "v = con.execute('select a from t').fetchone()[0]",
        "RESULT = v",
    ),
    "sqlite_reopened": same(
        "import sqlite3\ncon = sqlite3.connect('s.db')\ncon.execute('create table t(a)')\ncon.commit()\ncon.close()",
        "con = sqlite3.connect('s.db')\ncon.execute('insert into t values (4)')\ncon.commit()\ncon.close()",
        "con = sqlite3.connect('s.db')\nv = con.execute('select a from t').fetchone()[0]\ncon.close()",
        "RESULT = v",
    ),
    "sqlite_own_data": same(
        "import sqlite3, pandas as pd\nimport os\nif not os.path.exists('own.db'):\n    c = sqlite3.connect('own.db')\n    c.execute('create table t(a)')\n    c.commit()\n    c.close()",
        "con = sqlite3.connect('own.db')\npd.DataFrame({'a': [1, 2]}).to_sql('t', con, if_exists='append', index=False)",
        "df = pd.read_sql('select * from t', con)",
        "RESULT = int(df.a.sum())",
    ),
    "sqlite_memory": same(
        "import sqlite3, pandas as pd\ncon = sqlite3.connect(':memory:')",
        "pd.DataFrame({'a': [1, 2]}).to_sql('t', con, index=False)",
        "df = pd.read_sql('select a from t', con)",
        "RESULT = int(df.a.sum())",
    ),
    "mkdtemp": same(
        "import tempfile, os\nd = tempfile.mkdtemp()",
        "open(os.path.join(d, 'a.txt'), 'w').write('1')",
        "t = open(os.path.join(d, 'a.txt')).read()",
        "import shutil\nshutil.rmtree(d)",
        "RESULT = t",
    ),
    "mkdtemp_kept": same(
        "import tempfile, os\nd = tempfile.mkdtemp()",
        "p = os.path.join(d, 'a.txt')\nopen(p, 'w').write('1')",
        "t = open(p).read()",
        "RESULT = t",
    ),
    "named_temporary": same(
        "import tempfile\nf = tempfile.NamedTemporaryFile('w+', suffix='.txt')",
        "f.write('hi')\nf.flush()",
        "t = open(f.name).read()",
        "RESULT = t",
    ),
    "named_temporary_kept": same(
        "import tempfile\nwith tempfile.NamedTemporaryFile('w', suffix='.txt', delete=False) as f:\n    f.write('hi')\n    name = f.name",
        "t = open(name).read()",
        "RESULT = t",
    ),
    "temporary_directory": same(
        "import tempfile, os\ntd = tempfile.TemporaryDirectory()",
        "open(os.path.join(td.name, 'a'), 'w').write('1')",
        "n = os.listdir(td.name)",
        "td.cleanup()",
        "RESULT = n",
    ),
    "rmtree": same(
        "import os, shutil\nos.makedirs('d/e')\nopen('d/e/a.txt', 'w').write('1')",
        "shutil.rmtree('d')",
        "there = os.path.exists('d')",
        "RESULT = there",
    ),
    "rmtree_and_again": same(
        "import os, shutil\nif os.path.exists('d'):\n    shutil.rmtree('d')\nos.makedirs('d')",
        "open('d/b.txt', 'w').write('1')",
        "n = sorted(os.listdir('d'))",
        "RESULT = n",
        files={"d/old.txt": "x"},
    ),
    "copytree": same(
        "import shutil, os\nshutil.copytree('src', 'dst')",
        "open('dst/b.txt', 'w').write('2')",
        "n = sorted(os.listdir('dst'))",
        "RESULT = n",
        files={"src/a.txt": "1"},
    ),
    "move": same(
        "import shutil, os\nopen('a.txt', 'w').write('1')\nos.makedirs('to', exist_ok=True)",
        "shutil.move('a.txt', 'to/a.txt')",
        "r = [os.path.exists('a.txt'), open('to/a.txt').read()]",
        "RESULT = r",
    ),
    "copy_own": same(
        "import shutil\nshutil.copy('a.txt', 'b.txt')",
        "t = open('b.txt').read()",
        "RESULT = t",
        files={"a.txt": "1"},
    ),
    "absolute_in_folder": same(
        "import os\np = os.path.abspath('a.txt')\nopen(p, 'w').write('1')",
        "t = open(os.path.abspath('a.txt')).read()",
        "RESULT = t",
    ),
    "absolute_value_crosses": same(
        "import os\np = os.path.abspath('a.txt')",
        "open(p, 'w').write('1')",
        "t = open(p).read()",
        "RESULT = t",
    ),
    "cwd_value_crosses": same(
        "import os\nbase = os.getcwd()",
        "open(os.path.join(base, 'a.txt'), 'w').write('1')",
        "t = open(os.path.join(base, 'a.txt')).read()",
        "RESULT = t",
    ),
    "pathlib_resolve_crosses": same(
        "from pathlib import Path\nBASE = Path('.').resolve()",
        "(BASE / 'a.txt').write_text('1')",
        "t = (BASE / 'a.txt').read_text()",
        "RESULT = t",
    ),
    "absolute_own_data": Case(
        ("t = open('@HOME@/d.txt').read()", "u = open('d.txt').read()", "RESULT = [t, u]"),
        files={"d.txt": "5"},
    ),
    "absolute_write_own": Case(
        ("open('@HOME@/w.txt', 'w').write('5')", "t = open('@HOME@/w.txt').read()", "RESULT = t"),
        finding="TW106",
        outside=True,
    ),
    "absolute_outside": Case(
        (
            "open('@OUTSIDE@/w.txt', 'w').write('5')",
            "t = open('@OUTSIDE@/w.txt').read()",
            "RESULT = t",
        ),
        finding="TW106",
        outside=True,
    ),
    "home_path": Case(
        (
            "import os\np = os.path.expanduser('~/x/w.txt')\nos.makedirs(os.path.dirname(p), exist_ok=True)\nopen(p, 'w').write('5')",
            "t = open(p).read()",
            "RESULT = t",
        ),
        finding="TW106",
        outside=True,
    ),
    "windows_path": same(
        "p = 'data\\\\a.txt'\nimport os\nthere = os.path.exists(p)",
        "t = p.split('\\\\')",
        "RESULT = [there, t]",
        files={"data/a.txt": "1"},
    ),
    "windows_path_written": same(
        "open('data\\\\a.txt', 'w').write('1')", "t = open('data\\\\a.txt').read()", "RESULT = t"
    ),
    "spaces": same(
        "open('my file (1).txt', 'w').write('1')",
        "t = open('my file (1).txt').read()",
        "RESULT = t",
    ),
    "unicode_name": same(
        "open('données_é.txt', 'w', encoding='utf-8').write('ü')",
        "t = open('données_é.txt', encoding='utf-8').read()",
        "RESULT = t",
    ),
    "two_names_one_slug": same(
        "open('a b.txt', 'w').write('1')\nopen('a-b.txt', 'w').write('2')",
        "t = open('a b.txt').read() + open('a-b.txt').read()",
        "RESULT = t",
    ),
    "same_name_two_folders": same(
        "import os\nfor d in ['x', 'y']:\n    os.makedirs(d, exist_ok=True)\n    open(d + '/r.txt', 'w').write(d)",
        "t = open('x/r.txt').read() + open('y/r.txt').read()",
        "RESULT = t",
    ),
    "urlretrieve_present": same(
        "import os, urllib.request\nif not os.path.exists('d.txt'):\n    urllib.request.urlretrieve('http://127.0.0.1:9/d.txt', 'd.txt')",
        "t = open('d.txt').read()",
        "RESULT = t",
        files={"d.txt": "5"},
    ),
    "urlretrieve_offline": refused(
        "URLError",
        "import urllib.request\nurllib.request.urlretrieve('http://127.0.0.1:9/d.txt', 'd.txt')",
        "RESULT = 1",
    ),
    "read_csv_url_offline": refused(
        "URLError",
        "import pandas as pd\ndf = pd.read_csv('http://127.0.0.1:9/d.csv')",
        "RESULT = 1",
    ),
    "link": same(
        "import os\nopen('a.txt', 'w').write('1')\nos.symlink('a.txt', 'b.txt')",
        "t = open('b.txt').read()",
        "RESULT = t",
    ),
    "gzip_back": same(
        "import gzip\nwith gzip.open('a.gz', 'wt') as f:\n    f.write('hi')",
        "with gzip.open('a.gz', 'rt') as f:\n    t = f.read()",
        "RESULT = t",
    ),
    "shelve": same(
        "import shelve\ns = shelve.open('sh')\ns['a'] = 1\ns.close()",
        "s = shelve.open('sh')\nv = s['a']\ns.close()",
        "RESULT = v",
    ),
    "chdir_into_made": same(
        "import os\nos.makedirs('work', exist_ok=True)",
        "os.chdir('work')",
        "open('a.txt', 'w').write('1')",
        "t = open('a.txt').read()",
        "os.chdir('..')",
        "RESULT = [t, os.path.exists('work/a.txt')]",
    ),
    "write_then_read_then_write": same(
        "open('a.txt', 'w').write('1')",
        "a = open('a.txt').read()",
        "open('a.txt', 'w').write('2')",
        "b = open('a.txt').read()",
        "RESULT = [a, b]",
    ),
    "read_inside_function": same(
        "def save(x):\n    open('o.txt', 'w').write(x)\n\ndef load():\n    return open('o.txt').read()",
        "save('q')",
        "t = load()",
        "RESULT = t",
    ),
    "empty_folder_listed": same(
        "import os\nos.makedirs('empty', exist_ok=True)", "n = os.listdir('empty')", "RESULT = n"
    ),
    "walk": same(
        "import os\nos.makedirs('t/u', exist_ok=True)\nopen('t/u/a', 'w').write('1')\nopen('t/b', 'w').write('2')",
        "n = sorted(f for _, _, fs in os.walk('t') for f in fs)",
        "RESULT = n",
    ),
    "excel_like_html": same(
        "import pandas as pd\npd.DataFrame({'a': [1]}).to_html('t.html')",
        "t = 'table' in open('t.html').read()",
        "RESULT = t",
    ),
    "mtime_compared": same(
        "import os, time\nopen('a.txt', 'w').write('1')",
        "fresh = time.time() - os.path.getmtime('a.txt') < 1000",
        "RESULT = fresh",
    ),
    "data_home_cached": same(
        "from sklearn.datasets import get_data_home\np = get_data_home('dh')",
        "import os\nn = os.listdir('dh')",
        "RESULT = n",
    ),
    "dir_removed_then_missing": same(
        "import os\nos.mkdir('d')", "os.rmdir('d')", "r = os.path.isdir('d')", "RESULT = r"
    ),
    "memmap": same(
        "import numpy as np\nm = np.memmap('m.dat', dtype='float64', mode='w+', shape=(3,))\nm[:] = 2\nm.flush()",
        "k = np.memmap('m.dat', dtype='float64', mode='r', shape=(3,))",
        "RESULT = float(k.sum())",
    ),
    "subprocess_writes": same(
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', \"open('s.txt', 'w').write('1')\"], check=True)",
        "t = open('s.txt').read()",
        "RESULT = t",
    ),
    "shell_appends": same(
        "open('s.txt', 'w').write('1')",
        "!echo 2 >> s.txt",
        "!sed -i s/1/7/ s.txt",
        "t = open('s.txt').read().split()",
        "RESULT = t",
    ),
    "shell_changes_own_data": same(
        "a = open('d.txt').read()",
        "!sed -i s/1/7/ d.txt",
        "b = open('d.txt').read()",
        "RESULT = [a, b]",
        files={"d.txt": "1"},
    ),
    "shell_removes_own_data": same(
        "!rm -f d.txt",
        "import os\nthere = os.path.exists('d.txt')",
        "RESULT = there",
        files={"d.txt": "1"},
    ),
    "subprocess_removes": same(
        "import subprocess\nopen('s.txt', 'w').write('1')",
        "subprocess.run('rm s.txt', shell=True, check=True)",
        "import os\nthere = os.path.exists('s.txt')",
        "RESULT = there",
    ),
    "print_to_file": same(
        "f = open('p.txt', 'w')\nprint('a', file=f)\nf.close()",
        "t = open('p.txt').read()",
        "RESULT = t",
    ),
    "redirect_stdout": same(
        "import contextlib\nwith open('p.txt', 'w') as f, contextlib.redirect_stdout(f):\n    print('a')",
        "t = open('p.txt').read()",
        "RESULT = t",
    ),
    "fileinput_inplace": same(
        "import fileinput\nfor line in fileinput.input('d.txt', inplace=True):\n    print(line.strip() + '!')",
        "t = open('d.txt').read()",
        "RESULT = t",
        files={"d.txt": "a\nb\n"},
    ),
}
