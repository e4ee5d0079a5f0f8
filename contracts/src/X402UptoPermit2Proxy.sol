// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ISignatureTransfer} from "./permit2/ISignatureTransfer.sol";
import {Permit2Proxy} from "./permit2/Permit2Proxy.sol";

/// @title x402's `upto` scheme over Permit2
/// @notice Pays at most the signed amount to the signed payee. The facilitator chooses how much, hence the payer also signs which
/// facilitator that is, and nobody else may settle. An own implementation, for local chains, of the ABI that x402's EVM
/// package exports as `x402UptoPermit2ProxyABI`.
contract X402UptoPermit2Proxy is Permit2Proxy {
    /// @notice What the payer signs beside the permit: payee, facilitator, and the unix second from which on it may settle.
    struct Witness {
        address to;
        address facilitator;
        uint256 validAfter;
    }

    /// @notice What follows `PermitWitnessTransferFrom(…,` in the type that payers sign (EIP-712).
    string public constant WITNESS_TYPE_STRING =
        "Witness witness)TokenPermissions(address token,uint256 amount)Witness(address to,address facilitator,uint256 validAfter)";

    bytes32 public constant WITNESS_TYPEHASH = keccak256("Witness(address to,address facilitator,uint256 validAfter)");

    error AmountExceedsPermitted();
    error UnauthorizedFacilitator();

    /// @notice Settles a payment by a payer who has approved Permit2 for the token (EIP-712 signature, Permit2 witness transfer).
    /// @param permit Token and atomic units at most to move, Permit2 nonce, deadline in unix seconds
    /// @param amount Atomic units to move, at most those permitted; zero spends the nonce and moves nothing
    /// @param owner The payer
    /// @param signature The payer's, over permit, this contract and witness
    function settle(
        ISignatureTransfer.PermitTransferFrom calldata permit,
        uint256 amount,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) external nonReentrant {
        _settle(permit, amount, owner, witness, signature);
        emit Settled();
    }

    /// @notice The same for a payer who signed the approval of Permit2 as well (EIP-2612).
    /// @param permit2612 The approval; its value has to be the permitted amount, whatever is taken of it
    function settleWithPermit(
        EIP2612Permit calldata permit2612,
        ISignatureTransfer.PermitTransferFrom calldata permit,
        uint256 amount,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) external nonReentrant {
        _permit(permit2612, permit.permitted, owner);
        _settle(permit, amount, owner, witness, signature);
        emit SettledWithPermit();
    }

    function _settle(
        ISignatureTransfer.PermitTransferFrom calldata permit,
        uint256 amount,
        address owner,
        Witness calldata witness,
        bytes calldata signature
    ) private {
        if (amount > permit.permitted.amount) revert AmountExceedsPermitted();
        if (msg.sender != witness.facilitator) revert UnauthorizedFacilitator();
        _check(owner, witness.to, witness.validAfter);

        PERMIT2.permitWitnessTransferFrom(
            permit,
            ISignatureTransfer.SignatureTransferDetails(witness.to, amount),
            owner,
            keccak256(abi.encode(WITNESS_TYPEHASH, witness.to, witness.facilitator, witness.validAfter)),
            WITNESS_TYPE_STRING,
            signature
        );
    }
}
