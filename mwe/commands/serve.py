"""The command that serves the page of a library."""

import os
import signal
import sys
import tempfile
from pathlib import Path

from mwe.commands import LIBRARY
from mwe.core.extras import require_extra


def serve(
    library: Path = LIBRARY,
    /,
    host: str = "127.0.0.1",
    port: int = 7860,
    share: bool = False,
    browser: bool = False,
    upload_mb: int = 50,
    map_tracks: int = 2000,
    approximate: bool = False,
    framed_by: list[str] | None = None,
) -> None:
    """Show a library in the browser.

    Open the address that is printed. Everything stays on this computer: the page loads nothing from elsewhere, and
    serves no files but the library's tracks. Uploaded files are deleted after an hour, and at the end. Needs the extra
    `demo`.

    Args:
        library: Folder of the library, as `mwe index` writes it.
        host: Address to listen on. With 0.0.0.0 everyone who reaches this computer can search and listen.
        port: Port to listen on.
        share: Whether to give the page a public address by Gradio's tunnel. It goes through servers of others, and
            everyone who knows the address can listen.
        browser: Whether to open a browser at once.
        upload_mb: Largest upload in megabytes. Length is limited as for the library.
        map_tracks: Most tracks on the map; of a larger library an even sample is shown. The map is computed at the
            first start, in seconds to a minute, and kept in the library's folder.
        approximate: Whether to use the approximate index of `mwe library ann`.
        framed_by: Sites that may show the page within theirs, such as `https://huggingface.co` for a Space.

    Examples:
        mwe serve outputs/library
        mwe serve outputs/library --port 8000 --browser true
    """
    from mwe.search import Library

    opened = Library(library, approximate)
    with tempfile.TemporaryDirectory(prefix="mwe-page-", ignore_cleanup_errors=True) as uploads:
        # both are read when Gradio is imported or its parts are made
        os.environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "GRADIO_TEMP_DIR": uploads}
        require_extra("gradio", "demo", "the page needs Gradio")
        from mwe.page.app import Page

        page = Page(opened, map_tracks)
        try:
            blocks, address = page.launch(host, port, upload_mb, share, browser, framed_by or ())
        except OSError:
            sys.exit(f"mwe serve: {host}, port {port} cannot be listened on: taken? Give another with --port.")
        print(f"{len(opened):,} tracks at {address} (stop with Ctrl+C)", flush=True)
        # a service that is stopped deletes what was uploaded too
        former = signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            blocks.block_thread()
        finally:
            signal.signal(signal.SIGTERM, former)
