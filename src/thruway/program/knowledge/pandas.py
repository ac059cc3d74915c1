"""pandas: functions and classes; the methods of frames are in `methods`."""

from thruway.program.knowledge.table import Table

TABLE = Table(
    library="pandas",
    roles={
        "ingest": """
            pandas: read_csv read_table read_fwf read_excel read_json read_html read_xml read_hdf
            read_parquet read_feather read_orc read_pickle read_sas read_spss read_stata read_sql
            read_sql_query read_sql_table read_clipboard read_gbq ExcelFile HDFStore
        """,
        "prepare": """
            pandas: concat merge merge_asof merge_ordered cut qcut get_dummies from_dummies
            factorize
            to_datetime to_numeric to_timedelta melt pivot pivot_table crosstab wide_to_long
            date_range period_range timedelta_range bdate_range interval_range json_normalize
            DataFrame Series Index MultiIndex Categorical Timestamp Timedelta NamedAgg Grouper
            isna isnull notna notnull unique lreshape array eval
            DatetimeIndex CategoricalDtype
            pandas.api.types: union_categoricals
        """,
        "explore": """
            pandas: value_counts describe_option show_versions
            pandas.api.types: is_numeric_dtype is_object_dtype is_string_dtype is_categorical_dtype
        """,
        "export": "pandas: ExcelWriter to_pickle",
    },
    modules={"explore": "pandas.plotting pandas.tools.plotting"},
    effects={
        "options:pandas": """
            pandas: set_option reset_option option_context
            pandas.plotting: register_matplotlib_converters
        """,
        "figure": "pandas.plotting: scatter_matrix parallel_coordinates andrews_curves radviz",
    },
    parameters="""
        pandas: read_csv(filepath_or_buffer,sep) read_table(filepath_or_buffer,sep)
        read_fwf(filepath_or_buffer) read_excel(io,sheet_name) read_json(path_or_buf)
        read_html(io) read_xml(path_or_buffer) read_hdf(path_or_buf,key) read_parquet(path)
        read_feather(path) read_orc(path) read_pickle(filepath_or_buffer)
        read_sas(filepath_or_buffer) read_spss(path) read_stata(filepath_or_buffer)
        read_sql(sql,con) ExcelFile(path_or_buffer) HDFStore(path) ExcelWriter(path)
        to_pickle(obj,filepath_or_buffer) cut(x,bins) qcut(x,q) set_option(pat,value)
    """,
    lift={
        "path": """
            pandas: read_csv.filepath_or_buffer read_table.filepath_or_buffer
            read_fwf.filepath_or_buffer read_excel.io read_json.path_or_buf read_html.io
            read_xml.path_or_buffer read_hdf.path_or_buf read_parquet.path read_feather.path
            read_orc.path read_pickle.filepath_or_buffer read_sas.filepath_or_buffer read_spss.path
            read_stata.filepath_or_buffer ExcelFile.path_or_buffer HDFStore.path ExcelWriter.path
            to_pickle.filepath_or_buffer
        """,
    },
    gone="""
        pandas: read_gbq value_counts to_pickle pandas.api.types: is_categorical_dtype
        pandas.plotting: register_matplotlib_converters
    """,
)
