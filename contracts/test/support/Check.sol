// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Vm} from "./Vm.sol";

/// @title What every test needs: cheatcodes, comparisons, and calls that have to pass or have to be refused
abstract contract Check {
    Vm internal constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);

    /// @dev Order of secp256k1: keys lie below it, and `n - s` is the other half of every signature.
    uint256 internal constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    error Differ(string what, uint256 got, uint256 wanted);
    error Refused(string what, bytes reason);
    error Passed(string what);
    error OtherReason(bytes got, bytes wanted);

    struct Signature {
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    function same(string memory what, uint256 got, uint256 wanted) internal pure {
        if (got != wanted) revert Differ(what, got, wanted);
    }

    function same(string memory what, bytes32 got, bytes32 wanted) internal pure {
        same(what, uint256(got), uint256(wanted));
    }

    function same(string memory what, address got, address wanted) internal pure {
        same(what, uint160(got), uint160(wanted));
    }

    function yes(string memory what, bool got) internal pure {
        same(what, got ? 1 : 0, 1);
    }

    function no(string memory what, bool got) internal pure {
        same(what, got ? 1 : 0, 0);
    }

    /// @dev Folds a fuzzed number into `low..high`, both included, leaving one that lies there as it is.
    function bound(uint256 value, uint256 low, uint256 high) internal pure returns (uint256) {
        if (value >= low && value <= high) return value;
        uint256 size = high - low + 1;
        return size == 0 ? value : low + value % size;
    }

    /// @dev A number of `low..high` other than `taken`, which is one.
    function another(uint256 taken, uint256 seed, uint256 low, uint256 high) internal pure returns (uint256 value) {
        value = bound(seed, low, high);
        if (value == taken) value = taken == high ? low : taken + 1;
    }

    /// @dev A private key.
    function key(uint256 seed) internal pure returns (uint256) {
        return bound(seed, 1, ORDER - 1);
    }

    /// @dev Another key than `taken`, which is one.
    function otherKey(uint256 seed, uint256 taken) internal pure returns (uint256 other) {
        other = another(taken, seed, 1, ORDER - 1);
    }

    /// @dev An account that can be paid: not zero, and none of those given, so that balances are told apart.
    function account(address seed, address other) internal pure returns (address) {
        return uint160(seed) == 0 || seed == other ? address(uint160(other) ^ 0xFA6E) : seed;
    }

    function signed(uint256 privateKey, bytes32 digest) internal pure returns (Signature memory signature) {
        (signature.v, signature.r, signature.s) = vm.sign(privateKey, digest);
    }

    function packed(Signature memory signature) internal pure returns (bytes memory) {
        return abi.encodePacked(signature.r, signature.s, signature.v);
    }

    /// @dev The second encoding of a signature, which EIP-2 forbids: `n - s`, and the other `v`.
    function malleated(Signature memory signature) internal pure returns (Signature memory) {
        return Signature(signature.v ^ 7, signature.r, bytes32(ORDER - uint256(signature.s)));
    }

    function passes(string memory what, address sender, address target, bytes memory data) internal {
        vm.prank(sender);
        (bool success, bytes memory answer) = target.call(data);
        if (!success) revert Refused(what, answer);
    }

    function refused(string memory what, address sender, address target, bytes memory data, bytes memory reason)
        internal
    {
        vm.prank(sender);
        (bool success, bytes memory answer) = target.call(data);
        if (success) revert Passed(what);
        if (keccak256(answer) != keccak256(reason)) revert OtherReason(answer, reason);
    }

    /// @dev How `require` reports a reason.
    function because(string memory reason) internal pure returns (bytes memory) {
        return abi.encodeWithSignature("Error(string)", reason);
    }

    function artifactJson(string memory name) internal view returns (string memory) {
        return vm.readFile(string.concat("artifacts/", name, ".json"));
    }

    /// @dev Puts the checked-in runtime code at an address, as the local chain does.
    function place(string memory name, address target) internal {
        vm.etch(target, vm.parseJsonBytes(artifactJson(name), ".runtime"));
    }
}
