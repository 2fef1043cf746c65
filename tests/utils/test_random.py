"""Seeded blocks give the numbers of torch.manual_seed, and neither read nor write the global generators."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from skxai.utils.random import torch_seed

DRAWS = {
    "rand": lambda: torch.rand(3),
    "randn": lambda: torch.randn(2, 3),
    "randint": lambda: torch.randint(0, 9, (20,)),
    "randperm": lambda: torch.randperm(9),
    "rand_like": lambda: torch.rand_like(torch.zeros(3)),
    "bernoulli": lambda: torch.bernoulli(torch.full((20,), 0.5)),
    "multinomial": lambda: torch.multinomial(torch.ones(9), 4),
    "normal": lambda: torch.normal(torch.zeros(3), torch.ones(3)),
    "exponential": lambda: torch.empty(3).exponential_(),
    "initialisation": lambda: nn.Conv2d(1, 2, 3).weight.detach(),
    "truncated normal": lambda: nn.init.trunc_normal_(torch.empty(5)),
    "dropout": lambda: nn.functional.dropout(torch.ones(30)),
    "alpha dropout": lambda: nn.functional.alpha_dropout(torch.ones(30), training=True),
    "rrelu": lambda: nn.functional.rrelu(torch.randn(9), training=True),
    "lstm": lambda: nn.LSTM(3, 4, 2, dropout=0.5)(torch.rand(2, 5, 3))[0].detach(),
    "shuffled batches": lambda: torch.cat(list(DataLoader(torch.arange(20), batch_size=3, shuffle=True))),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_numbers_are_those_of_manual_seed(draw):
    with torch_seed(3):
        got = [draw(), draw()]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        expected = [draw(), draw()]
    assert all(map(torch.equal, got, expected))


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_global_generator_is_neither_read_nor_written(draw):
    before = torch.get_rng_state()
    with torch_seed(3):
        draw()
    assert torch.equal(torch.get_rng_state(), before)


def test_generator_that_is_given_draws():
    with torch_seed(3):
        got = torch.rand(3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(got, torch.rand(3, generator=torch.Generator().manual_seed(1)))


def test_the_inner_of_two_blocks_draws_and_the_outer_goes_on():
    with torch_seed(1):
        first = torch.rand(2)
        with torch_seed(2):
            inner = torch.rand(2)
        second = torch.rand(2)
    with torch_seed(1):
        assert torch.equal(torch.cat([first, second]), torch.cat([torch.rand(2), torch.rand(2)]))
    with torch_seed(2):
        assert torch.equal(inner, torch.rand(2))


def test_attention_with_dropout_is_seeded_and_puts_the_global_generator_back():
    query = torch.ones(1, 1, 8, 4)
    before = torch.get_rng_state()

    def attend():
        with torch_seed(5):
            return nn.functional.scaled_dot_product_attention(query, query, query, dropout_p=0.5)

    assert torch.equal(attend(), attend())
    assert torch.equal(torch.get_rng_state(), before)


def test_threads_draw_what_one_thread_draws_while_another_uses_the_global_generator():
    stop = threading.Event()

    def draw_for_oneself():
        while not stop.is_set():
            torch.rand(10)

    def draw(seed):
        with torch_seed(seed):
            return torch.stack([nn.Linear(50, 50).weight.detach() for _ in range(20)])

    serial = [draw(seed) for seed in range(8)]
    user = threading.Thread(target=draw_for_oneself)
    user.start()
    try:
        with ThreadPoolExecutor(8) as pool:
            parallel = list(pool.map(draw, range(8)))
    finally:
        stop.set()
        user.join()
    assert all(map(torch.equal, parallel, serial))
