// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ExactWorld} from "./support/ExactWorld.sol";
import {UptoWorld} from "./support/UptoWorld.sol";

/// @title Three accounts that pay one another in every way there is, and the ledger of what should have come of it
/// @notice Nonces are few, so that replays across the ways are common; the ledger is kept apart from the token.
contract Traffic is ExactWorld, UptoWorld {
    uint256 private constant ACCOUNTS = 3;
    uint256 private constant NONCES = 8;

    mapping(address account => uint256 amount) private ledger;
    mapping(address account => mapping(uint256 nonce => bool spent)) private spent;
    mapping(address account => mapping(uint256 nonce => bool spent)) private spentAtPermit2;
    uint256 public settled;

    constructor() {
        setUp();
        for (uint256 i = 1; i <= ACCOUNTS; i++) {
            fund(vm.addr(i), 1_000_000);
            ledger[vm.addr(i)] = 1_000_000;
            approve(vm.addr(i), type(uint256).max);
        }
    }

    function authorize(Payment memory payment, uint256 to) external {
        payment.key = bound(payment.key, 1, ACCOUNTS);
        Authorization memory terms = payment.terms;
        (terms.from, terms.to) = (vm.addr(payment.key), vm.addr(bound(to, 1, ACCOUNTS)));
        terms.value = bound(terms.value, 0, 500_000);
        (terms.validAfter, terms.validBefore) = (NOW - 1, NOW + 1);
        uint256 nonce = uint256(terms.nonce) % NONCES;
        terms.nonce = bytes32(nonce);

        bytes memory call = data(terms, payment.way, sign(payment));
        bool due = !spent[terms.from][nonce] && terms.value <= ledger[terms.from];
        if (_send(sender(payment), address(TOKEN), call, due)) {
            spent[terms.from][nonce] = true;
            _move(terms.from, terms.to, terms.value);
        }
    }

    function cancel(uint256 owner, uint256 nonce, bool asBytes) external {
        (owner, nonce) = (bound(owner, 1, ACCOUNTS), nonce % NONCES);
        address authorizer = vm.addr(owner);
        Signature memory signature = signCancel(owner, authorizer, bytes32(nonce));
        bytes memory call = cancelData(authorizer, bytes32(nonce), asBytes, signature);
        if (_send(RELAYER, address(TOKEN), call, !spent[authorizer][nonce])) spent[authorizer][nonce] = true;
    }

    function exact(Offer memory offer, uint256 to) external {
        _shape(offer, to);
        bytes memory call = exactData(offer, signExact(offer));
        _settle(offer, RELAYER, EXACT, call, offer.permit.permitted.amount);
    }

    function upto(Offer memory offer, uint256 to, uint256 amount) external {
        _shape(offer, to);
        amount = bound(amount, 0, offer.permit.permitted.amount);
        _settle(offer, offer.facilitator, UPTO, uptoData(offer, amount, signUpto(offer)), amount);
    }

    /// @dev What the accounts hold is what the ledger says, to the last unit, and the sum is what was minted.
    function check() external view {
        uint256 sum = 0;
        for (uint256 i = 1; i <= ACCOUNTS; i++) {
            address holder = vm.addr(i);
            same("a balance", TOKEN.balanceOf(holder), ledger[holder]);
            sum += ledger[holder];
        }
        same("the sum", sum, TOKEN.totalSupply());
    }

    function _shape(Offer memory offer, uint256 to) private pure {
        offer.key = bound(offer.key, 1, ACCOUNTS);
        (offer.owner, offer.to) = (vm.addr(offer.key), vm.addr(bound(to, 1, ACCOUNTS)));
        (offer.validAfter, offer.permit.deadline) = (NOW, NOW);
        offer.permit.nonce %= NONCES;
        offer.permit.permitted.token = address(TOKEN);
        offer.permit.permitted.amount = bound(offer.permit.permitted.amount, 1, 500_000);
    }

    function _settle(Offer memory offer, address caller, address proxy, bytes memory call, uint256 amount) private {
        bool due = !spentAtPermit2[offer.owner][offer.permit.nonce] && amount <= ledger[offer.owner];
        if (_send(caller, proxy, call, due)) {
            spentAtPermit2[offer.owner][offer.permit.nonce] = true;
            _move(offer.owner, offer.to, amount);
        }
    }

    function _send(address caller, address target, bytes memory call, bool due) private returns (bool success) {
        vm.prank(caller);
        (success,) = target.call(call);
        same("went through", success ? 1 : 0, due ? 1 : 0);
        if (success) settled++;
    }

    function _move(address from, address to, uint256 amount) private {
        ledger[from] -= amount;
        ledger[to] += amount;
    }
}

/// @title Whatever is sent in whatever order, balances are conserved and no nonce pays twice
contract ConservationTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Traffic private traffic;

    function setUp() public {
        traffic = new Traffic();
    }

    /// @dev Forge asks for the calls to draw from.
    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(traffic), new bytes4[](4));
        targets[0].selectors[0] = Traffic.authorize.selector;
        targets[0].selectors[1] = Traffic.cancel.selector;
        targets[0].selectors[2] = Traffic.exact.selector;
        targets[0].selectors[3] = Traffic.upto.selector;
    }

    function invariant_balances_are_those_of_the_ledger() external view {
        traffic.check();
    }
}
