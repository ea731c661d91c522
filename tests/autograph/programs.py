"""Small programs with control flow, plain Python over numbers and arrays alike."""

import jax.numpy as jnp

from deepkit import ops


def collatz(n):
    steps = 0
    while n > 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


def newton_sqrt(x):
    guess = x / 2.0
    count = 0
    while abs(guess * guess - x) > 1e-3 and count < 30:
        guess = (guess + x / guess) / 2.0
        count += 1
    return guess


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def fizzbuzz(n):
    fizz, buzz, both = 0, 0, 0
    for i in range(1, n + 1):
        if i % 15 == 0:
            both += 1
        elif i % 5 == 0:
            buzz += 1
        elif i % 3 == 0:
            fizz += 1
    return fizz, buzz, both


def gcd(a, b):
    while b != 0:
        a, b = b, a % b
    return a


def is_prime(n):
    if n < 2:
        return False
    d = 2
    while d * d <= n:
        if n % d == 0:
            return False
        d += 1
    return True


def count_primes(n):
    found = 0
    for i in range(2, n):
        if is_prime(i):
            found += 1
    return found


def bubble_sort(x):
    n = len(x)
    swapped = True
    while swapped:
        swapped = False
        for i in range(n - 1):
            if x[i] > x[i + 1]:
                a, b = x[i], x[i + 1]
                x = x.at[i].set(b).at[i + 1].set(a)
                swapped = True
    return x


def sieve(flags):
    n = len(flags)
    i = 2
    while i * i < n:
        if flags[i]:
            j = i * i
            while j < n:
                flags = flags.at[j].set(False)
                j += i
        i += 1
    return flags


def power(base, exponent):
    result = 1
    while exponent > 0:
        if exponent % 2 == 1:
            result = result * base
        base = base * base
        exponent = exponent // 2
    return result


def digits(n):
    total, count = 0, 0
    while True:
        total += n % 10
        count += 1
        n = n // 10
        if n == 0:
            break
    return total, count


def first_above(xs, limit):
    for x in xs:
        if x > limit:
            return x
    return -1.0


def skip_negative(xs):
    total = 0.0
    for x in xs:
        if x < 0:
            continue
        total += x
        if total > 5:
            break
    return total


def nested(n, m):
    total = 0
    for i in range(n):
        if i == 3:
            continue
        for j in range(m):
            if j > i:
                break
            if (i + j) % 3 == 1:
                continue
            total += i * j
    return total


def grade(x):
    if x < 0:
        return -1
    if x < 10:
        return 0
    if x < 20:
        return 1
    return 2


def between(x):
    return 1 if 0 < x <= 10 else (2 if x > 20 or x == 15 else 3)


def state_in_dict(n):
    state = {"sum": 0, "last": (0, 1)}
    while n > 0:
        state["sum"] += n
        state["last"] = (state["last"][1], n)
        n -= 1
    return state["sum"], state["last"]


def state_in_tuple(n):
    pair = (0, 1)
    while n > 0:
        pair = (pair[1], pair[0] + pair[1])
        n -= 1
    return pair


def beam(scores):
    best = -1e9
    place = 0
    for i, row in enumerate(scores):
        top = jnp.max(row)
        if top > best:
            best = top
            place = i
    return best, place


def interest(balance, rate):
    years = 0
    while balance < 100.0 and not years >= 40:
        balance *= 1 + rate
        years += 1
    else:
        years += 100
    return years


def search(xs, wanted):
    place = -1
    for i, x in enumerate(xs):
        if x == wanted:
            place = i
            break
    else:
        place = -2
    return place


def matching(x):
    match x:
        case 0:
            result = 10
        case 1 | 2:
            result = 20
        case n if n > 100:
            result = n
        case _:
            result = 30
    return result


def walrus(x):
    count = 0
    while (half := x // 2) > 0:
        x = half
        count += 1
    if (last := x + 1) > 1 and last < 5:
        count += 10
    return count, half


def ternary_chain(x):
    sign = -1 if x < 0 else (0 if x == 0 else 1)
    return sign * (x if x > 5 or x < -5 else 5)


def return_in_nested_loops(n):
    for i in range(n):
        for j in range(n):
            if i * j == 12:
                return i, j
    return -1, -1


def uses_helper(x):
    total = 0
    while x > 0:
        total += helper(x, scale=2)
        x -= 1
    return total


def helper(x, *more, scale=1, **options):
    if x % 2 == 0:
        return x * scale
    return x + sum(more) + options.get("offset", 0)


def closure(x):
    factor = 3

    def scaled(y):
        if y > 4:
            return y * factor
        return y

    pick = lambda y: y if y > 2 else -y  # noqa: E731
    return scaled(x) + pick(x)


def changes_closure(n):
    total = 0

    def add(k):
        nonlocal total
        if k % 2 == 0:
            total += k

    for i in range(n):
        add(i)
    return total


def try_and_with(x):
    try:
        if x > 3:
            y = x * 2
        else:
            y = x
    finally:
        x = 0
    return y


def truthy(n):
    count = 0
    while n:
        n -= 1
        count += 1
    return count or -1


def chained_call(x):
    calls = []

    def middle():
        calls.append(1)
        return 5

    inside = 1 if 0 < x < middle() < 10 else 0
    return inside + 100 * len(calls)


def late_binding(x):
    seen = []
    for i in range(3):
        if i == 1:
            j = i * 10
            seen.append(lambda: i + j)  # noqa: B023
        seen.append(lambda: i)  # noqa: B023
    return seen[0]() + seen[1]() * 100 + x


def functions_in_loops(n):
    total = 0
    while n > 0:

        def half(y):
            if y > 2:
                return y // 2
            return y

        apply = lambda y: half(y) + 1  # noqa: E731
        total += apply(n)
        n -= 1
    return total


def ranges_of_ops(n):
    total, halves = ops.array(0), ops.array(0.0)
    for i in ops.arange(n):
        total += i
    for i in ops.arange(2, stop=2 * n, step=3):
        total += 10 * i
    for half in jnp.arange(0.5, n, 0.75, dtype="float32"):
        halves += half
    return total, halves


def zipped_ranges(n):
    total = 0
    for i, j in zip(range(n), range(2, 2 * n)):
        total += i * j
    return total
