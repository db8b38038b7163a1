"""The package of python/ as a notebook uses it. Prints a line a fact; the test reads them."""
import os
import signal
import threading
import time

import hologen

url = os.environ["HOLOGEN_URL"]
place = ["oss://demo/", "oss-cn-hangzhou-internal.aliyuncs.com", "acs:ram::186xxx:role/xxx"]
picture = """SELECT name, ai_gen('qwen_image_2', json_build_object('prompt', name, 'output_dir', 'oss://demo/python/')::text, to_file(%s, %s, %s)) AS picture
  FROM unnest(ARRAY['a kettle', 'a <b>lamp</b>']) AS name"""

with hologen.connect(url) as gateway:
    rows = gateway.estimate("SELECT ai_gen('qwen_image_2', '{\"prompt\": \"a kettle\"}')")
    print("estimate", rows[0]["calls"], rows[0]["price"])
    rows = gateway.sql(picture, place)
    shown = rows._repr_html_()
    print("inline", shown.count("<img"), shown.count("base64,"), "<b>" in shown)
    frame = rows.pandas()
    print("pandas", list(frame.columns), len(frame))
    gateway.show(frame)
    gateway.show([{"path": "a kettle", "n": 1}])
    try:
        import polars  # noqa: F401

        print("polars", rows.polars().shape)
    except ImportError:
        print("polars is not on this machine")
    print("written", gateway.sql("CREATE TABLE made AS SELECT 1 AS one"), gateway.sql("SELECT * FROM made")[0]["one"])
    try:
        gateway.sql("SELECT broken")
    except Exception as error:
        print("error", error.sqlstate)
    threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    started = time.monotonic()
    try:
        gateway.sql("SELECT ai_gen('qwen_image', '{\"prompt\": \"[[sandbox:slow=600000]] endless\"}')")
    except KeyboardInterrupt:
        print("cancelled", time.monotonic() - started < 30)
    print("goes on", gateway.sql("SELECT 1 AS one")[0]["one"])
