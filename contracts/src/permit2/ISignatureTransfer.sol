// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title The part of Permit2 that the proxies call
/// @notice Transfers by signature, as Uniswap's Permit2 declares them. Amounts are atomic units, times are unix seconds.
interface ISignatureTransfer {
    struct TokenPermissions {
        address token;
        uint256 amount;
    }

    struct PermitTransferFrom {
        TokenPermissions permitted;
        uint256 nonce;
        uint256 deadline;
    }

    struct SignatureTransferDetails {
        address to;
        uint256 requestedAmount;
    }

    /// @notice Moves a token as its owner signed, the signature naming the caller as spender and covering `witness`.
    /// @param witness Hash of the caller's own data, signed along (EIP-712 struct hash)
    /// @param witnessTypeString What follows `PermitWitnessTransferFrom(…,` in the EIP-712 type
    function permitWitnessTransferFrom(
        PermitTransferFrom calldata permit,
        SignatureTransferDetails calldata transferDetails,
        address owner,
        bytes32 witness,
        string calldata witnessTypeString,
        bytes calldata signature
    ) external;
}
