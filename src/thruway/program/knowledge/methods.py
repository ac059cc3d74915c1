"""Methods by name, where the type of the receiver is not known, and by class where it matters.

Effect `receiver`: the method changes the object that it is called on. A method that only does so
with `inplace=True` is not listed: the keyword itself says so.
"""

from thruway.program.knowledge.table import Table

# Nothing is known of the methods of classes whose type starts like this, beyond the named ones:
# a bare `split` or `replace` of a text is not a step of the analysis.
FOREIGN = ("builtins.str", "builtins.int", "builtins.float", "builtins.bool", "re.")

TABLE = Table(
    library="",
    roles={
        "export": """
            to_csv to_excel to_parquet to_feather to_json to_pickle to_hdf to_sql to_stata to_orc
            to_html to_latex to_gbq save_model dump_model savefig save write write_text write_bytes
            writerow writerows write_html write_image to_disk
        """,
        "ingest": "read_text read_bytes fetchall fetchone fetchmany load_model read",
        "explore": """
            head tail describe info value_counts nunique plot hist boxplot corr cov skew kurt
            memory_usage sample show summary display nlargest nsmallest
            set_title set_xlabel set_ylabel set_xticks set_yticks set_xticklabels set_yticklabels
            set_xlim set_ylim set_xscale set_yscale bar barh scatter imshow axhline axvline legend
            annotate text add_subplot tight_layout suptitle tick_params add_artist bar_label pie
            get_legend_handles_labels set_size_inches countplot map_dataframe
            unique corrwith add_legend background_gradient set_axis_labels set
        """,
        "prepare": """
            dropna fillna ffill bfill interpolate merge join drop drop_duplicates rename rename_axis
            astype replace map apply applymap assign groupby agg aggregate pivot
            pivot_table melt stack unstack explode set_index reset_index reindex sort_values
            sort_index where mask clip cut shift diff pct_change rolling expanding ewm resample
            cumsum cumprod rank isin between query eval filter get_dummies convert_dtypes
            infer_objects insert pop update append to_numpy to_frame to_dict to_list tolist ravel
            reshape flatten squeeze copy strip lower upper extract contains factorize
            select_dtypes isnull isna notnull notna sum mean median std var min max
            mode quantile idxmax idxmin count round abs add sub mul div dot any all
            as_matrix toarray argsort iterrows itertuples average
            tz_localize tz_convert strftime combine_first duplicated
            DataFrame.add Series.add DataFrame.append Series.append Index.append Index.insert
            DataFrame.resample Series.resample Index.sort_values ndarray.choice
        """,
        "split": "split get_n_splits",
        "transform": """
            transform fit_transform inverse_transform fit_resample fit_sample get_feature_names_out
            get_feature_names set_output
        """,
        "tune": """
            optimize suggest_float suggest_int suggest_categorical suggest_uniform
            suggest_loguniform best_params
        """,
        "train": "fit partial_fit train boost fit_regularized fit_predict compile backward",
        "predict": """
            predict predict_proba predict_log_proba decision_function score_samples
            inplace_predict
            forecast apply_model staged_predict
        """,
        "evaluate": "score evaluate eval_set rsquared cross_val_score",
    },
    effects={
        "receiver": """
            append extend insert pop remove clear sort reverse update setdefault popitem add
            discard intersection_update difference_update symmetric_difference_update
            appendleft extendleft popleft rotate subtract move_to_end
            fit partial_fit fit_transform fit_predict fit_resample fit_regularized set_params
            set_output
            train compile add_module load_state_dict zero_grad step backward load_weights optimize
            fill put itemset setflags resize partition setfield
            seed shuffle random rand randn randint integers normal uniform choice permutation
            standard_normal permuted bit_generator setstate set_state
            write writelines writerow writerows close flush truncate seek readline readlines read
            execute executemany executescript commit rollback fetchone fetchall fetchmany send
            put_nowait set_title set_xlabel set_ylabel set_xticks set_yticks set_xticklabels
            set_yticklabels set_xlim set_ylim set_xscale set_yscale set_visible set_size_inches
            set_facecolor set_aspect set_axis_off set_xticks set_zlabel set_position
            tick_params add_subplot add_artist axhline axvline legend annotate bar_label savefig
            set suptitle tight_layout twinx imshow scatter barh fill_between
            cache_info cache_clear
            setLevel addHandler removeHandler set_config save_model
        """,
        "figure": "savefig plot hist boxplot",
        "file:write": """
            to_csv to_excel to_parquet to_feather to_json to_pickle to_hdf to_stata savefig
            save_model write_text write_bytes
        """,
        "argument:0": "shuffle",
    },
    parameters="""
        to_csv(path_or_buf) to_excel(excel_writer) to_parquet(path) to_feather(path)
        to_json(path_or_buf) to_pickle(path) to_hdf(path_or_buf,key) to_stata(path) to_orc(path)
        to_html(buf) to_latex(buf) to_sql(name,con)
        savefig(fname) save_model(fname) load_model(fname) dump_model(fout)
        head(n) tail(n) sample(n) nlargest(n) nsmallest(n) fillna(value) drop(labels) astype(dtype)
        fit(X,y) predict(X) predict_proba(X) score(X,y) clip(lower,upper) quantile(q)
        seed(seed) optimize(func,n_trials)
    """,
    lift={
        "path": """
            to_csv.path_or_buf to_excel.excel_writer to_parquet.path to_feather.path
            to_json.path_or_buf to_pickle.path to_hdf.path_or_buf to_stata.path to_orc.path
            to_html.buf to_latex.buf savefig.fname save_model.fname load_model.fname
            dump_model.fout
        """,
        "seed": "sample.random_state seed.seed",
        "hyperparameter": """
            fit.epochs fit.batch_size fit.validation_split fit.early_stopping_rounds
            fit.num_boost_round
            sample.frac optimize.n_trials
        """,
    },
)
