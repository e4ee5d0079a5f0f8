// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IFiatToken, TokenWorld} from "./support/TokenWorld.sol";

/// @title The token's names and domains are those of Base's USDC, and its plain transfers those of EIP-20
contract FiatTokenTest is TokenWorld {
    IFiatToken private constant SEPOLIA_TOKEN = IFiatToken(0x036CbD53842c5426634e7929541eC2318f3dCF7e);
    uint256 private constant SEPOLIA = 84532;

    function test_is_USDC_on_Base() public view {
        same("name", keccak256(bytes(TOKEN.name())), keccak256("USD Coin"));
        same("version", keccak256(bytes(TOKEN.version())), keccak256("2"));
        same("symbol", keccak256(bytes(TOKEN.symbol())), keccak256("USDC"));
        same("decimals", TOKEN.decimals(), 6);
        // What 0x8335… answers on Base.
        bytes32 domain = 0x02fa7265e7c5d81118673727957699e4d68f74cd74b7db77da710fe8a2c7834f;
        same("domain", TOKEN.DOMAIN_SEPARATOR(), domain);
    }

    function test_is_USDC_on_Base_Sepolia() public {
        vm.chainId(SEPOLIA);
        place("FiatTokenLike", address(SEPOLIA_TOKEN));
        same("name", keccak256(bytes(SEPOLIA_TOKEN.name())), keccak256("USDC"));
        // What 0x036C… answers on Base Sepolia.
        bytes32 domain = 0x71f17a3b2ff373b803d70a5a07c046c1a2bc8e89c09ef722fcb047abe94c9818;
        same("domain", SEPOLIA_TOKEN.DOMAIN_SEPARATOR(), domain);
    }

    function testFuzz_only_the_minter_mints(address caller, address to, uint256 value) public {
        if (caller == MINTER) caller = RELAYER;
        to = account(to, address(0xDEAD));
        value = bound(value, 1, type(uint256).max);
        bytes memory call = abi.encodeCall(TOKEN.mint, (to, value));
        refused("another", caller, address(TOKEN), call, because("FiatToken: caller is not a minter"));
        passes("the minter", MINTER, address(TOKEN), call);
        same("the balance", TOKEN.balanceOf(to), value);
        same("the supply", TOKEN.totalSupply(), value);
    }

    function test_mints_something_to_somebody() public {
        bytes memory call = abi.encodeCall(TOKEN.mint, (address(0), 1));
        refused("to nobody", MINTER, address(TOKEN), call, because("FiatToken: mint to the zero address"));
        call = abi.encodeCall(TOKEN.mint, (RELAYER, 0));
        refused("nothing", MINTER, address(TOKEN), call, because("FiatToken: mint amount not greater than 0"));
    }

    function testFuzz_the_supply_cannot_overflow(uint256 value) public {
        value = bound(value, 1, type(uint256).max);
        fund(RELAYER, type(uint256).max);
        bytes memory overflow = abi.encodeWithSignature("Panic(uint256)", 0x11);
        refused("too much", MINTER, address(TOKEN), abi.encodeCall(TOKEN.mint, (RELAYER, value)), overflow);
    }

    function testFuzz_a_transfer_conserves_the_sum(address from, address to, uint256 held, uint256 value) public {
        from = account(from, address(0xDEAD));
        to = account(to, from);
        fund(from, bound(held, 0, 1 << 128));
        held = TOKEN.balanceOf(from);
        bytes memory call = abi.encodeCall(TOKEN.transfer, (to, value));
        if (value > held) {
            string memory reason = "ERC20: transfer amount exceeds balance";
            return refused("uncovered", from, address(TOKEN), call, because(reason));
        }
        passes("covered", from, address(TOKEN), call);
        same("the sender", TOKEN.balanceOf(from), held - value);
        same("the receiver", TOKEN.balanceOf(to), value);
    }

    function testFuzz_an_allowance_is_counted_down(address from, address to, uint256 allowed, uint256 value) public {
        from = account(from, address(0xDEAD));
        to = account(to, from);
        fund(from, 1 << 128);
        value = bound(value, 0, 1 << 128);
        passes("approve", from, address(TOKEN), abi.encodeCall(TOKEN.approve, (RELAYER, allowed)));

        bytes memory call = abi.encodeCall(TOKEN.transferFrom, (from, to, value));
        if (value > allowed) {
            string memory reason = "ERC20: transfer amount exceeds allowance";
            return refused("not allowed", RELAYER, address(TOKEN), call, because(reason));
        }
        passes("allowed", RELAYER, address(TOKEN), call);
        same("the allowance", TOKEN.allowance(from, RELAYER), allowed - value);
        same("the receiver", TOKEN.balanceOf(to), value);
    }
}
