// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {TokenWorld} from "./support/TokenWorld.sol";

/// @title A permit sets one allowance once, until its deadline and not past it (EIP-2612)
contract Eip2612Test is TokenWorld {
    string private constant INVALID = "EIP2612: invalid signature";
    string private constant EXPIRED = "FiatTokenV2: permit is expired";

    struct Permit {
        address owner;
        address spender;
        uint256 value;
        uint256 nonce;
        uint256 deadline;
    }

    function testFuzz_sets_the_allowance_and_moves_the_nonce_on(uint256 seed, Permit memory permit, bool asBytes)
        public
    {
        uint256 owner = _sound(seed, permit);
        passes("a sound permit", RELAYER, address(TOKEN), _data(permit, asBytes, _sign(owner, permit)));
        same("the allowance", TOKEN.allowance(permit.owner, permit.spender), permit.value);
        same("the nonce", TOKEN.nonces(permit.owner), 1);
    }

    function testFuzz_holds_once_whichever_overload_it_comes_back_by(uint256 seed, Permit memory permit, bool asBytes)
        public
    {
        uint256 owner = _sound(seed, permit);
        Signature memory signature = _sign(owner, permit);
        passes("the first time", RELAYER, address(TOKEN), _data(permit, asBytes, signature));
        refused("again", RELAYER, address(TOKEN), _data(permit, asBytes, signature), because(INVALID));
        refused("by the other", RELAYER, address(TOKEN), _data(permit, !asBytes, signature), because(INVALID));
        same("the nonce", TOKEN.nonces(permit.owner), 1);
    }

    function testFuzz_holds_at_its_deadline_and_not_a_second_later(uint256 seed, Permit memory permit, bool asBytes)
        public
    {
        uint256 owner = _sound(seed, permit);
        permit.deadline = bound(permit.deadline, NOW, type(uint64).max - 1);
        bytes memory call = _data(permit, asBytes, _sign(owner, permit));

        vm.warp(permit.deadline + 1);
        refused("a second later", RELAYER, address(TOKEN), call, because(EXPIRED));
        vm.warp(permit.deadline);
        passes("at its deadline", RELAYER, address(TOKEN), call);
    }

    function testFuzz_the_highest_deadline_never_comes(uint256 seed, Permit memory permit, uint64 time) public {
        uint256 owner = _sound(seed, permit);
        permit.deadline = type(uint256).max;
        vm.warp(time);
        passes("at any time", RELAYER, address(TOKEN), _data(permit, true, _sign(owner, permit)));
    }

    function testFuzz_the_nonces_come_in_order(uint256 seed, Permit memory permit, uint256 nonce, bool asBytes) public {
        uint256 owner = _sound(seed, permit);
        permit.nonce = bound(nonce, 1, type(uint256).max);
        bytes memory call = _data(permit, asBytes, _sign(owner, permit));
        refused("a nonce to come", RELAYER, address(TOKEN), call, because(INVALID));
        same("the nonce", TOKEN.nonces(permit.owner), 0);
    }

    function testFuzz_no_signed_field_can_be_changed(
        uint256 seed,
        Permit memory permit,
        bool asBytes,
        uint256 field,
        uint256 change
    ) public {
        uint256 owner = _sound(seed, permit);
        Signature memory signature = _sign(owner, permit);
        field = bound(field, 0, 3);
        if (field == 0) permit.owner = account(address(uint160(change)), permit.owner);
        if (field == 1) permit.spender = account(address(uint160(change)), permit.spender);
        if (field == 2) permit.value = another(permit.value, change, 0, type(uint256).max);
        if (field == 3) permit.deadline = another(permit.deadline, change, NOW, type(uint256).max);

        refused("a changed permit", RELAYER, address(TOKEN), _data(permit, asBytes, signature), because(INVALID));
    }

    function testFuzz_another_signer_or_chain_is_refused(
        uint256 seed,
        Permit memory permit,
        bool asBytes,
        uint256 stranger,
        uint64 chain
    ) public {
        uint256 owner = _sound(seed, permit);
        bytes memory call = _data(permit, asBytes, _sign(otherKey(stranger, owner), permit));
        refused("a stranger", RELAYER, address(TOKEN), call, because(INVALID));

        call = _data(permit, asBytes, _sign(owner, permit));
        vm.chainId(another(BASE, chain, 1, type(uint64).max));
        refused("another chain", RELAYER, address(TOKEN), call, because(INVALID));
    }

    function testFuzz_a_signature_has_one_encoding(uint256 seed, Permit memory permit, bool asBytes, uint8 v) public {
        uint256 owner = _sound(seed, permit);
        Signature memory signature = _sign(owner, permit);
        bytes memory call = _data(permit, asBytes, malleated(signature));
        refused("high s", RELAYER, address(TOKEN), call, because("ECRecover: invalid signature 's' value"));

        signature.v = v == 27 || v == 28 ? v - 27 : v;
        call = _data(permit, asBytes, signature);
        refused("strange v", RELAYER, address(TOKEN), call, because("ECRecover: invalid signature 'v' value"));
    }

    function testFuzz_nobody_permits_and_nobody_is_permitted(uint256 seed, Permit memory permit, bool asBytes) public {
        uint256 owner = _sound(seed, permit);
        permit.spender = address(0);
        bytes memory call = _data(permit, asBytes, _sign(owner, permit));
        refused("to nobody", RELAYER, address(TOKEN), call, because("ERC20: approve to the zero address"));

        (permit.owner, permit.spender) = (address(0), RELAYER);
        call = _data(permit, asBytes, Signature(27, 0, bytes32(uint256(1))));
        refused("by nobody", RELAYER, address(TOKEN), call, because("ECRecover: invalid signature"));
    }

    function _sound(uint256 seed, Permit memory permit) private pure returns (uint256 owner) {
        owner = key(seed);
        permit.owner = vm.addr(owner);
        permit.spender = account(permit.spender, permit.owner);
        permit.nonce = 0;
        permit.deadline = bound(permit.deadline, NOW, type(uint256).max);
    }

    function _sign(uint256 owner, Permit memory permit) private view returns (Signature memory) {
        return signed(owner, typed(keccak256(abi.encode(PERMIT, permit))));
    }

    function _data(Permit memory permit, bool asBytes, Signature memory signature) private pure returns (bytes memory) {
        (address owner, address spender, uint256 value) = (permit.owner, permit.spender, permit.value);
        if (asBytes) {
            return abi.encodeWithSignature(
                "permit(address,address,uint256,uint256,bytes)",
                owner,
                spender,
                value,
                permit.deadline,
                packed(signature)
            );
        }
        return abi.encodeWithSignature(
            "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
            owner,
            spender,
            value,
            permit.deadline,
            signature
        );
    }
}
