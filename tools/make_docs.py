"""Make what the documentation says of the program and what it shows: `make docs`.

    python tools/make_docs.py                    # the tables, `lichtbild info`, all pictures
    python tools/make_docs.py --tables           # the tables alone: a second
    python tools/make_docs.py --pictures looks   # the tables, and pictures by name
    python tools/make_docs.py --figures          # the benchmarks, into the tables of figures

Tables of options and settings are made from the code (`doc_tables.py`; a test compares them). Pictures are shot by the
virtual camera and developed (`doc_pictures.py`). Figures are measured (`doc_figures.py`), so let the machine rest.
"""

from __future__ import annotations

import argparse
import time

import doc_tables


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tables", action="store_true", help="only the tables that are made from the code")
    parser.add_argument(
        "--pictures", nargs="*", metavar="NAME", help="only these pictures; all of them if none is named"
    )
    parser.add_argument("--figures", nargs="*", metavar="NAME", help="only these figures; all of them if none is named")
    parser.add_argument("--keep", action="store_true", help="take frames that were shot before")
    args = parser.parse_args()
    start = time.perf_counter()
    print("tables:", ", ".join(doc_tables.write()) or "nothing new", flush=True)
    everything = not args.tables and args.pictures is None and args.figures is None
    if everything or args.pictures is not None:
        import doc_pictures

        print("pictures:", flush=True)
        doc_pictures.make(args.pictures or (), keep=args.keep)
    if everything or args.figures is not None:
        import doc_figures

        print("figures:", flush=True)
        doc_figures.write(args.figures or (["info"] if everything else []))
    print(f"done in {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
