"""The file field: chosen files go to this Slack at once and stay listed until removed."""

from functools import partial
from typing import Any

from nicegui import ui
from nicegui.events import MultiUploadEventArguments

from playground.page.control import Control
from playground.page.parts import button, element
from playground.page.words import say
from playground.slack.forms import FileUpload

_CHOSEN = "(event) => { getElement(%d).$refs.qRef.addFiles([...event.target.files]); event.target.value = ''; }"


class UploadField:
    def __init__(self, of: Control) -> None:
        self.of = of
        self.most = int(of.element.get("max_files", 10))
        self.types = [str(kind).lower().lstrip(".") for kind in of.element.get("filetypes") or []]
        self.carrier = ui.upload(multiple=True, auto_upload=True, on_multi_upload=self._arrived).classes("b-carrier")
        with element("div", "b-files"):
            self.listed = element("div", "b-file-list")
            native = element(
                "input", "b-file-input", type="file", id=of.id, accept=self._accept(), multiple=self.most > 1 or None
            )
        native.on("change", js_handler=_CHOSEN % self.carrier.id)
        of.owns(native)
        self._list()

    def _accept(self) -> str | None:
        return ",".join(f".{kind}" for kind in self.types) or None

    def _kept(self) -> list[FileUpload]:
        files = self.of.surface.world.files
        known = [files.get(str(one.get("id"))) for one in self.of.value or []]
        return [FileUpload(file.name, file.content) for file in known if file]

    async def _arrived(self, event: MultiUploadEventArguments) -> None:
        sent = [FileUpload(file.name, await file.read()) for file in event.files]
        wrong = [file.name for file in sent if self.types and file.name.rpartition(".")[2].lower() not in self.types]
        if wrong:
            person = self.of.surface.person
            self.of.complaint.say(say(person, "wrong_file", name=wrong[0], kinds=", ".join(self.types)))
            return
        kept = self._kept() if self.most > 1 else []
        await self._put([*kept, *sent])

    async def _put(self, files: list[FileUpload]) -> None:
        await self.of.put(files)
        if not self.listed.is_deleted:
            self.carrier.reset()
            self._list()

    def _list(self) -> None:
        self.listed.clear()
        with self.listed:
            for index, file in enumerate(self.of.value or []):
                with element("div", "b-file"):
                    element("span", "", _name(file))
                    button(
                        "×",
                        partial(self._remove, index),
                        "b-remove",
                        aria_label=say(self.of.surface.person, "remove", name=_name(file)),
                    )

    async def _remove(self, index: int) -> None:
        kept = self._kept()
        await self._put([*kept[:index], *kept[index + 1 :]])


def _name(file: Any) -> str:
    return str(file.get("title") or file.get("name") or "file")


def uploads(of: Control) -> None:
    UploadField(of)
