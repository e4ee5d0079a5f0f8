// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title ERC-20 balances and allowances (EIP-20)
/// @notice Shared by the tokens of the local chains. Amounts are atomic units; reverts with the strings of Circle's FiatToken v2.2.
abstract contract Erc20 {
    /// @notice Atomic units in existence.
    uint256 public totalSupply;

    /// @notice Atomic units an account holds.
    mapping(address account => uint256 amount) public balanceOf;

    /// @notice Atomic units a spender may still move out of an owner's account.
    mapping(address owner => mapping(address spender => uint256 amount)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    /// @notice Moves `value` atomic units from the caller to `to` (EIP-20).
    function transfer(address to, uint256 value) external returns (bool) {
        _transfer(msg.sender, to, value);
        return true;
    }

    /// @notice Sets the atomic units `spender` may move out of the caller's account (EIP-20).
    function approve(address spender, uint256 value) external returns (bool) {
        _approve(msg.sender, spender, value);
        return true;
    }

    /// @notice Moves `value` atomic units from `from` to `to` against the caller's allowance (EIP-20).
    /// @dev An allowance of 2^256 - 1 is counted down like any other: FiatToken knows no infinite allowance.
    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        uint256 allowed = allowance[from][msg.sender];
        require(value <= allowed, "ERC20: transfer amount exceeds allowance");
        allowance[from][msg.sender] = allowed - value;
        _transfer(from, to, value);
        return true;
    }

    /// @dev Sets an allowance, whether the owner sent the transaction or signed for it.
    function _approve(address owner, address spender, uint256 value) internal {
        require(owner != address(0), "ERC20: approve from the zero address");
        require(spender != address(0), "ERC20: approve to the zero address");
        allowance[owner][spender] = value;
        emit Approval(owner, spender, value);
    }

    /// @dev Moves a balance. The sum of all balances never changes here.
    function _transfer(address from, address to, uint256 value) internal {
        require(from != address(0), "ERC20: transfer from the zero address");
        require(to != address(0), "ERC20: transfer to the zero address");
        uint256 balance = balanceOf[from];
        require(value <= balance, "ERC20: transfer amount exceeds balance");
        balanceOf[from] = balance - value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }

    /// @dev Creates atomic units. The checked sum of the supply bounds every balance.
    function _mint(address to, uint256 value) internal {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }
}
