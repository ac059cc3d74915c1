"""matplotlib: everything in pyplot draws; some of it sets options or writes files."""

from thruway.program.knowledge.table import Table

TABLE = Table(
    library="matplotlib",
    modules={
        "explore": """
            matplotlib.pyplot matplotlib.pylab matplotlib.patches matplotlib.gridspec
            matplotlib.ticker matplotlib.cm matplotlib.colors matplotlib.lines matplotlib.dates
        """,
    },
    roles={
        "export": "matplotlib.pyplot: savefig imsave",
        "ingest": "matplotlib.pyplot: imread matplotlib.image: imread",
    },
    effects={
        "options:matplotlib": """
            matplotlib: rc use rcdefaults rc_context
            matplotlib.pyplot: rc rcdefaults rc_context set_cmap switch_backend xkcd ion ioff
            matplotlib.pyplot.style: use matplotlib.style: use
            matplotlib.pyplot.rcParams: update matplotlib.rcParams: update
            matplotlib.pylab.rcParams: update
        """,
        "figure": """
            matplotlib.pyplot: figure subplots subplot subplot_mosaic plot scatter bar barh hist
            hist2d boxplot violinplot pie imshow matshow contour contourf fill_between errorbar stem
            step axhline axvline legend title suptitle xlabel ylabel xticks yticks xlim ylim grid
            colorbar text annotate tight_layout show close clf cla gca gcf savefig axis
            semilogx semilogy loglog hexbin
        """,
    },
    parameters="""
        matplotlib.pyplot: savefig(fname) imread(fname) imsave(fname,arr) hist(x,bins)
        matplotlib.image: imread(fname)
    """,
    lift={
        "path": """
            matplotlib.pyplot: savefig.fname imread.fname imsave.fname
            matplotlib.image: imread.fname
        """,
    },
)
