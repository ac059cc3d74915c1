"""seaborn: everything draws but the data sets and the settings."""

from thruway.program.knowledge.table import Table

TABLE = Table(
    library="seaborn",
    modules={"explore": "seaborn"},
    roles={"ingest": "seaborn: load_dataset get_dataset_names"},
    effects={
        "options:matplotlib": """
            seaborn: set set_theme set_style set_context set_palette set_color_codes reset_defaults
            reset_orig
        """,
        "outside:network": "seaborn: load_dataset",
        "figure": """
            seaborn: histplot kdeplot displot countplot barplot boxplot violinplot stripplot
            swarmplot catplot pointplot scatterplot lineplot relplot regplot lmplot heatmap
            clustermap pairplot jointplot distplot factorplot FacetGrid PairGrid JointGrid
        """,
    },
    parameters="seaborn: load_dataset(name)",
    gone="seaborn: factorplot",
)
