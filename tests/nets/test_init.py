import subprocess
import sys

import ceteris.nets


def test_importing_the_room_imports_nothing_heavy():
    code = (
        "import sys, ceteris.nets as nets\n"
        "nets.account(nets.make_network('R3.5'), (28, 28, 1), 10)\n"
        "print(*sorted({'torch', 'sklearn', 'scipy', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_public_name_is_there():
    assert all(hasattr(ceteris.nets, name) for name in ceteris.nets.__all__)
    assert callable(ceteris.nets.build)  # the function, and not the file it is in
