"""Hazards of torch: its stream, and modules whose parameters an optimizer holds.

name → (why it is hard, program). Each program ends in `RESULT`, a plain value.
"""

CASES = {
    "torch's stream": (
        "every draw moves it",
        """
        # %%
        import torch
        torch.manual_seed(3)
        a = torch.rand(2).tolist()
        # %%
        b = torch.randn(2).tolist()
        # %%
        saved = torch.get_rng_state()
        c = torch.rand(1).item()
        # %%
        torch.set_rng_state(saved)
        # %%
        RESULT = [a, b, c, torch.rand(1).item()]
        """,
    ),
    "a generator of torch": (
        "an object with a stream of its own",
        """
        # %%
        import torch
        g = torch.Generator().manual_seed(5)
        a = torch.rand(1, generator=g).item()
        # %%
        RESULT = [a, torch.rand(1, generator=g).item()]
        """,
    ),
    "a module and its optimizer": (
        "the optimizer holds the parameters of the module",
        """
        # %%
        import torch
        from torch import nn
        torch.manual_seed(0)
        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(2, 1)
            def forward(self, x):
                return self.layer(x)
        # %%
        net = Net()
        # %%
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        # %%
        x, y = torch.ones(4, 2), torch.zeros(4, 1)
        for _ in range(2):
            optimizer.zero_grad()
            loss = ((net(x) - y) ** 2).mean()
            loss.backward()
            optimizer.step()
        # %%
        RESULT = [p.detach().flatten().tolist() for p in net.parameters()]
        """,
    ),
    "a view of a tensor and an array of it": (
        "one memory under three names",
        """
        # %%
        import torch
        t = torch.zeros(4)
        view, array = t[:2], t.numpy()
        # %%
        view += 1
        # %%
        array[3] = 9
        # %%
        RESULT = [t.tolist(), view.tolist(), array.tolist()]
        """,
    ),
    "a shuffling loader": (
        "it draws from the stream at every pass",
        """
        # %%
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        torch.manual_seed(1)
        loader = DataLoader(TensorDataset(torch.arange(6)), batch_size=2, shuffle=True)
        # %%
        first = [batch[0].tolist() for batch in loader]
        # %%
        RESULT = [first, [batch[0].tolist() for batch in loader]]
        """,
    ),
    "the default type": (
        "an option for every tensor made later",
        """
        # %%
        import torch
        torch.set_default_dtype(torch.float64)
        # %%
        RESULT = str(torch.zeros(1).dtype)
        """,
    ),
    "a loss and its way back over cells": (
        "the loss leads to the parameters, which backward changes",
        """
        # %%
        import torch
        weights = torch.tensor([1.0, 0.0], requires_grad=True)
        optimizer = torch.optim.SGD([weights], lr=0.1)
        x, y = torch.arange(3.0), torch.arange(3.0) * 2 + 1
        # %%
        loss = ((weights[0] * x + weights[1] - y) ** 2).mean()
        # %%
        loss.backward()
        # %%
        before = weights.grad.tolist()
        # %%
        optimizer.step()
        # %%
        RESULT = [before, weights.tolist(), loss.item()]
        """,
    ),
    "a prediction that is looked at later": (
        "it remembers how it was computed",
        """
        # %%
        import torch
        torch.manual_seed(0)
        model = torch.nn.Linear(2, 1)
        # %%
        prediction = model(torch.ones(1, 2))
        # %%
        RESULT = [round(prediction.item(), 6), prediction.detach().numpy().shape]
        """,
    ),
}
