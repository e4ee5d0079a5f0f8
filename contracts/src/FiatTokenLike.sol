// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Eip2612} from "./token/Eip2612.sol";
import {Eip3009} from "./token/Eip3009.sol";

/// @title USDC for local chains
/// @notice Behaves as Circle's FiatToken v2.2 towards payers, relayers and gateways: EIP-20, EIP-2612, EIP-3009, ERC-1271, with the
/// same revert strings. Pausing, blacklisting and upgrading are left out.
/// @dev Needs no storage at genesis and holds no immutables: the runtime code works at whatever address anvil_setCode puts it.
contract FiatTokenLike is Eip2612, Eip3009 {
    string public constant symbol = "USDC";

    /// @notice Decimal places: one USDC is 10^6 atomic units.
    uint8 public constant decimals = 6;

    /// @notice The account that may mint: the first one of the mnemonic that anvil starts with.
    /// @dev A constant because it has to hold without a constructor or storage.
    address public constant MINTER = 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266;

    uint256 private constant BASE_CHAIN_ID = 8453;

    event Mint(address indexed minter, address indexed to, uint256 amount);

    /// @notice The token's name, and its EIP-712 domain's: Circle named it differently on Base and on Base Sepolia.
    function name() public view override returns (string memory) {
        return block.chainid == BASE_CHAIN_ID ? "USD Coin" : "USDC";
    }

    /// @notice The EIP-712 domain's version.
    function version() public pure override returns (string memory) {
        return "2";
    }

    /// @notice Creates `amount` atomic units in the account `to`; only `MINTER` may.
    function mint(address to, uint256 amount) external returns (bool) {
        require(msg.sender == MINTER, "FiatToken: caller is not a minter");
        require(to != address(0), "FiatToken: mint to the zero address");
        require(amount > 0, "FiatToken: mint amount not greater than 0");
        emit Mint(msg.sender, to, amount);
        _mint(to, amount);
        return true;
    }
}
