// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ISignatureTransfer} from "./ISignatureTransfer.sol";

/// @title Allowances by signature (EIP-2612)
interface IERC20Permit {
    function permit(
        address owner,
        address spender,
        uint256 value,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
}

/// @title What the two x402 proxies share
/// @notice A proxy is the spender that payers name in their Permit2 signatures. It pays out to nobody but the signed witness, so a
/// relayer can at most decline to settle. It never holds a token.
/// @dev No immutables and no storage: the runtime code works at whatever address anvil_setCode puts it.
abstract contract Permit2Proxy {
    /// @notice An allowance for Permit2 that the payer signed (EIP-2612); `value` in atomic units, `deadline` in unix seconds.
    struct EIP2612Permit {
        uint256 value;
        uint256 deadline;
        bytes32 r;
        bytes32 s;
        uint8 v;
    }

    /// @notice Permit2, at the same address on every chain.
    ISignatureTransfer public constant PERMIT2 = ISignatureTransfer(0x000000000022D473030F116dDEE9F6B43aC78BA3);

    /// @dev Transient (EIP-1153): released at the transaction's end whatever happens.
    bool private transient entered;

    event Settled();
    event SettledWithPermit();

    error InvalidDestination();
    error InvalidOwner();
    error InvalidPermit2Address();
    error PaymentTooEarly();
    error Permit2612AmountMismatch();
    error ReentrancyGuardReentrantCall();

    /// @dev A hostile token is called in the middle of a settlement: it finds the door shut.
    modifier nonReentrant() {
        if (entered) revert ReentrancyGuardReentrantCall();
        entered = true;
        _;
        entered = false;
    }

    /// @dev Refuses what would otherwise fail without a reason, or pay out to nobody.
    function _check(address owner, address to, uint256 validAfter) internal view {
        if (address(PERMIT2).code.length == 0) revert InvalidPermit2Address();
        if (owner == address(0)) revert InvalidOwner();
        if (to == address(0)) revert InvalidDestination();
        // The signed upper bound is the permit's deadline, which Permit2 itself holds.
        if (block.timestamp < validAfter) revert PaymentTooEarly();
    }

    /// @dev Gives Permit2 its allowance. A failure is passed over: somebody may have sent the same permit before, and without an
    /// allowance the transfer that follows fails anyway.
    function _permit(
        EIP2612Permit calldata permit2612,
        ISignatureTransfer.TokenPermissions calldata permitted,
        address owner
    ) internal {
        if (permit2612.value != permitted.amount) revert Permit2612AmountMismatch();
        try IERC20Permit(permitted.token).permit(
            owner, address(PERMIT2), permit2612.value, permit2612.deadline, permit2612.v, permit2612.r, permit2612.s
        ) {} catch {}
    }
}
