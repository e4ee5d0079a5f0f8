// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Erc20} from "./token/Erc20.sol";

/// @title TMAI for local chains
/// @notice A plain ERC-20 (EIP-20): neither EIP-2612 nor EIP-3009, so payers reach it through Permit2 alone.
contract Tmai is Erc20 {
    string public constant name = "TMAI";
    string public constant symbol = "TMAI";

    /// @notice Decimal places: one TMAI is 10^18 atomic units.
    uint8 public constant decimals = 18;

    /// @param holder The account that starts with the whole supply
    /// @param supply Atomic units
    constructor(address holder, uint256 supply) {
        _mint(holder, supply);
    }
}
