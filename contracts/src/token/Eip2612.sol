// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Erc20} from "./Erc20.sol";
import {Eip712} from "./Eip712.sol";
import {Signatures} from "./Signatures.sol";

/// @title Allowances by signature (EIP-2612)
abstract contract Eip2612 is Erc20, Eip712 {
    bytes32 public constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    /// @notice The nonce the owner's next permit has to carry (EIP-2612).
    mapping(address owner => uint256 nonce) public nonces;

    /// @notice Sets an allowance the owner signed (EIP-2612).
    /// @param value Atomic units `spender` may move
    /// @param deadline Last second (unix time) at which the permit holds; 2^256 - 1 for ever
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        _permit(owner, spender, value, deadline, abi.encodePacked(r, s, v));
    }

    /// @notice Sets an allowance the owner signed, the owner being an account or a contract (EIP-2612, ERC-1271).
    /// @param value Atomic units `spender` may move
    /// @param deadline Last second (unix time) at which the permit holds; 2^256 - 1 for ever
    /// @param signature `r ‖ s ‖ v`, or whatever the owner's contract understands
    function permit(address owner, address spender, uint256 value, uint256 deadline, bytes memory signature) external {
        _permit(owner, spender, value, deadline, signature);
    }

    function _permit(address owner, address spender, uint256 value, uint256 deadline, bytes memory signature) private {
        require(deadline >= block.timestamp, "FiatTokenV2: permit is expired");

        // A refused permit reverts, so its nonce is not spent.
        bytes32 structHash = keccak256(abi.encode(PERMIT_TYPEHASH, owner, spender, value, nonces[owner]++, deadline));
        require(Signatures.isValid(owner, _typedDataHash(structHash), signature), "EIP2612: invalid signature");
        _approve(owner, spender, value);
    }
}
