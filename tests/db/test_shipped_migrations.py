"""A migration that has shipped never changes: databases that ran it would lack what was added (it happened once)."""

from tools.list_migrations import read_files, read_list


def test_no_shipped_migration_has_changed_or_gone() -> None:
    files = read_files()
    changed = [name for name, digest in read_list().items() if files.get(name) != digest]
    assert not changed, (
        f"{', '.join(changed)}: databases have run this and will not run it again. Put it back as it was"
        " (`git checkout main -- migrations`), and write a new migration for the change"
    )


def test_every_migration_is_in_the_list() -> None:
    new = read_files().keys() - read_list().keys()
    assert not new, f"{', '.join(sorted(new))}: run `make migrations` once the new migration is as it will be merged"
