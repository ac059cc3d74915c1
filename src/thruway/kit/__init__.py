"""What pipelines import, written by hand or generated: steps, pipelines, values, ambient state.

Standard library only. A pipeline is read as text (`read`) into a frozen `Dag`; its types are
checked (`check`) and its code is keyed (`code`) before anything runs.
"""
